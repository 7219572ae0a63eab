import type { Tensor } from "../../../backend/mod.ts";
import { contractAlong, type LocalTuckerField } from "../../../geometry/mod.ts";
import type { TrainingMethod } from "../../method.ts";
import type { Representation } from "../../representation.ts";
import type { WeightRecord } from "../../weight.ts";
import {
  channelSpectra,
  decompose,
  modeTruncations,
  partsOf,
  randomParts,
  tuckerOf,
  type TuckerParts,
  tuckerSizeInUse,
  wholeWeight,
} from "./factors.ts";
import {
  planOf,
  tuckerConv2d,
  tuckerFieldAt,
  tuckerGradientSquare,
  tuckerLinear,
  tuckerPoint,
} from "./maps.ts";

/** A kernel, or matrix, as core × bases of its channels. */
interface PartsRecord extends WeightRecord, TuckerParts {
  readonly kernel: Tensor;
  readonly in: Tensor;
  readonly out: Tensor;
}

/**
 * Kernels as core × bases of the channels (Zangrando, Schotthöfer, Ceruti, Kusch, Tudisco, NeurIPS
 * 2024); windows keep their full rank. Matrices have two modes. Bases that a rule moves, as the
 * naive factorisation does, are not orthonormal.
 */
export const tucker: Required<
  Omit<Representation, "anchors" | "asMatrix" | "joined" | "lookup" | "merged" | "trainable">
> = {
  anchor: "kernel",
  create: async (method, spec, random) => ({ ...await randomParts(method, spec, random) }),
  point: (state) => ({ ...partsIn(state) }),
  linear: tuckerLinear,
  conv2d: tuckerConv2d,
  size: (state) => tuckerSizeInUse(partsIn(state)),
  gradientSquare: tuckerGradientSquare,

  rank(state) {
    const { in: u, out: v } = partsIn(state);
    return { in: u.shape[1]!, out: v.shape[1]! };
  },

  singularValues: (method, state) => channelSpectra(method, partsIn(state)),
  toDense: (method, spec, state) => wholeWeight(method, spec, tuckerOf(method, partsIn(state))),

  async fromDense(method, spec, value, compression) {
    const { parts, discarded } = await decompose(method, spec, value, compression);
    return { state: { ...parts }, discarded };
  },

  plan: (spec, state) => planOf(spec, partsIn(state).kernel),

  atZero({ engine }, state) {
    const parts = partsIn(state);
    return { ...parts, kernel: engine.zeros(parts.kernel.shape) };
  },

  asTucker: (method, spec, state) => ({
    start: tuckerOf(method, partsIn(state)),
    truncation: modeTruncations(spec, method.truncation),
    point: (at) => tuckerPoint(method, spec, at),
    field: (point, evidence) => tuckerFieldAt(method, spec, point, evidence),
    store: (y) => ({ ...partsOf(method, spec, y) }),
  }),

  asVariables(method, spec, state) {
    const start = partsIn(state);
    const point = tuckerPoint(method, spec, tuckerOf(method, start));
    // The field knows products with the bases of the point by these very tensors.
    const at = point.in && point.out ? { ...start, in: point.in, out: point.out } : start;
    return {
      start: { ...start },
      point,
      gradients: (evidence) =>
        gradientsOf(method, at, tuckerFieldAt(method, spec, point, evidence)),
      store: (variables) => variables,
    };
  },
};

/** Core and bases of a state, without its moments. */
export function partsIn(state: WeightRecord): TuckerParts {
  const { kernel, in: u, out: v } = state as PartsRecord;
  return { kernel, in: u, out: v };
}

/** F contracted with all factors but one. */
function gradientsOf(
  method: TrainingMethod,
  at: TuckerParts,
  field: LocalTuckerField<Tensor>,
): Record<keyof TuckerParts, Tensor> {
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
