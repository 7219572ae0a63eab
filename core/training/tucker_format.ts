import type { Tensor } from "../backend/mod.ts";
import type { MomentSlots } from "../integrators/mod.ts";
import { augmentedTuckerBug } from "../integrators/tucker/mod.ts";
import { lowRankFormat } from "./low_rank_format.ts";
import { momentTree } from "./matrix_factors.ts";
import { type WeightFormat, weightFormats, type WeightState } from "./parameter.ts";
import { regularisedTuckerField } from "./regularize.ts";
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
} from "./tucker_factors.ts";
import {
  planOf,
  tuckerConv2d,
  tuckerFieldAt,
  tuckerGradientSquare,
  tuckerLinear,
  tuckerPoint,
} from "./tucker_maps.ts";

/** State of a kernel, or matrix, in Tucker format; bases orthonormal. */
interface TuckerState extends WeightState, TuckerParts {
  readonly format: "tucker";
  readonly kernel: Tensor;
  readonly in: Tensor;
  readonly out: Tensor;
}

/**
 * Kernels as core × bases of the channels, moved by an integrator on the manifold of Tucker tensors
 * (Zangrando, Schotthöfer, Ceruti, Kusch, Tudisco, NeurIPS 2024). Windows keep their full rank.
 */
export const tuckerFormat: WeightFormat = weightFormats.add({
  name: "tucker",
  description: "kernels as core × channel bases, moved by an integrator; ranks may adapt",
  waits: false,
  anchor: "kernel",
  matrices: lowRankFormat.name,

  async create(method, spec, random) {
    return { format: "tucker", ...await randomParts(method, spec, random) };
  },

  point: (state) => ({ ...parts(state) }),
  linear: tuckerLinear,
  conv2d: tuckerConv2d,

  async *update(method, spec, state, rate) {
    const { algebra, stepper, truncation, tuckerIntegrator = augmentedTuckerBug } = method;
    const moments = state.moments as MomentSlots<Tensor> | undefined;
    const start = tuckerOf(method, parts(state));
    const step = tuckerIntegrator.step(algebra, start, rate, {
      stepper,
      truncation: modeTruncations(spec, truncation),
      ...(moments ? { moments } : {}),
    });
    let next = await step.next();
    while (!next.done) {
      const at = next.value;
      const point = tuckerPoint(method, spec, at);
      const evidence = yield point;
      const field = tuckerFieldAt(method, spec, point, evidence);
      const orthonormal = at.factors.every((u, k) => u === start.factors[k]);
      next = await step.next(await regularisedTuckerField(method, spec, field, at, orthonormal));
    }
    const { y, moments: after, discarded } = next.value;
    const kept = Object.keys(after).length > 0 ? { moments: momentTree(after) } : {};
    return { state: { format: "tucker", ...partsOf(method, spec, y), ...kept }, discarded };
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
    return { state: { format: "tucker", ...found.parts }, discarded: found.discarded };
  },

  plan: (spec, state) => planOf(spec, parts(state).kernel),
});

function parts(state: WeightState): TuckerParts {
  const { kernel, in: u, out: v } = state as TuckerState;
  return { kernel, in: u, out: v };
}
