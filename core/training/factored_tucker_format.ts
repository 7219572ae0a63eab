import type { Tensor } from "../backend/mod.ts";
import type { Moments } from "../integrators/mod.ts";
import { contractAlong, type TuckerFieldAt } from "../integrators/tucker/mod.ts";
import { factoredLowRankFormat } from "./factored_low_rank_format.ts";
import {
  type TrainingMethod,
  type WeightFormat,
  weightFormats,
  type WeightState,
} from "./parameter.ts";
import {
  channelSpectra,
  decompose,
  randomParts,
  tuckerOf,
  type TuckerParts,
  tuckerSizeInUse,
  wholeWeight,
} from "./tucker_factors.ts";
import {
  planOf,
  tuckerConv2d,
  tuckerFieldAt,
  tuckerGradientSquare,
  tuckerLinear,
  tuckerPoint,
} from "./tucker_maps.ts";

/** The factors that move. */
const FACTORS = ["kernel", "in", "out"] as const;

/** State of a kernel, or matrix, as core × bases that need not be orthonormal. */
interface FactoredTuckerState extends WeightState, TuckerParts {
  readonly format: "factored-tucker";
  readonly kernel: Tensor;
  readonly in: Tensor;
  readonly out: Tensor;
  readonly moments?: { readonly [factor: string]: { readonly [key: string]: Tensor | number } };
}

/**
 * The naive factorisation that manifold methods are compared with: core and bases of fixed ranks,
 * all moved at once by the optimizer rule along their own gradients.
 */
export const factoredTuckerFormat: WeightFormat = weightFormats.add({
  name: "factored-tucker",
  description: "baseline: core × channel bases of fixed ranks, all moved by the optimizer rule",
  waits: true,
  anchor: "kernel",
  matrices: factoredLowRankFormat.name,

  async create(method, spec, random) {
    return { format: "factored-tucker", ...await randomParts(method, spec, random) };
  },

  point: (state) => ({ ...parts(state) }),
  linear: tuckerLinear,
  conv2d: tuckerConv2d,

  async *update(method, spec, state, rate) {
    const { moments = {} } = state as FactoredTuckerState;
    const before = parts(state);
    const point = tuckerPoint(method, spec, tuckerOf(method, before));
    // The field knows products with the bases of the point by these very tensors.
    const at = point.in && point.out ? { ...before, in: point.in, out: point.out } : before;
    const evidence = yield point;
    const field = tuckerFieldAt(method, spec, point, evidence);
    const gradients = gradientsOf(method, at, field);
    const next: Record<string, Tensor> = {};
    const kept: Record<string, { [key: string]: Tensor | number }> = {};
    for (const factor of FACTORS) {
      const known = moments[factor] as Moments<Tensor> | undefined;
      const { algebra: a, rule } = method;
      const moved = rule.update(a, at[factor], gradients[factor], rate, known);
      next[factor] = moved.value;
      if (moved.moments) kept[factor] = { ...moved.moments };
    }
    const memory = Object.keys(kept).length > 0 ? { moments: kept } : {};
    return { state: { format: "factored-tucker", ...next, ...memory } };
  },

  size: (state) => tuckerSizeInUse(parts(state)),
  gradientSquare: tuckerGradientSquare,

  rank(state) {
    const { in: u, out: v } = parts(state);
    return { in: u.shape[1]!, out: v.shape[1]! };
  },

  singularValues: (method, state) => channelSpectra(method, parts(state)),
  toDense: (method, spec, state) => wholeWeight(method, spec, tuckerOf(method, parts(state))),

  async fromDense(method, spec, value, compression) {
    const found = await decompose(method, spec, value, compression);
    return { state: { format: "factored-tucker", ...found.parts }, discarded: found.discarded };
  },

  plan: (spec, state) => planOf(spec, parts(state).kernel),
});

function parts(state: WeightState): TuckerParts {
  const { kernel, in: u, out: v } = state as FactoredTuckerState;
  return { kernel, in: u, out: v };
}

/** F contracted with all factors but one. */
function gradientsOf(
  method: TrainingMethod,
  at: TuckerParts,
  field: TuckerFieldAt<Tensor>,
): TuckerParts {
  const { algebra: a, engine } = method;
  const { core } = tuckerOf(method, at);
  // A window comes first, and its basis is the identity.
  const window = core.shape.slice(2).map(() => undefined);
  const [u, v] = [window.length, window.length + 1];
  const inFactor = (mode: number, factors: readonly (Tensor | undefined)[]): Tensor =>
    field.factorGradient?.(mode) ?? contractAlong(a, field, mode, { core, factors });
  return {
    kernel: engine.reshape(field.contract([...window, at.in, at.out]).data, at.kernel.shape),
    in: inFactor(u, [...window, undefined, at.out]),
    out: inFactor(v, [...window, at.in, undefined]),
  };
}
