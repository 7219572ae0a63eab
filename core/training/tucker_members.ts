import type { Tensor } from "../backend/mod.ts";
import type { WeightFormat, WeightState } from "./parameter.ts";
import {
  channelSpectra,
  decompose,
  randomParts,
  tuckerOf,
  type TuckerParts,
  tuckerSizeInUse,
  wholeWeight,
} from "./tucker_factors.ts";
import { planOf, tuckerConv2d, tuckerGradientSquare, tuckerLinear } from "./tucker_maps.ts";

/** State of a kernel, or matrix, as core × bases of its channels. */
interface PartsState extends WeightState, TuckerParts {
  readonly kernel: Tensor;
  readonly in: Tensor;
  readonly out: Tensor;
}

/** What formats have in common that hold core × bases, however the parts move. */
export type TuckerMembers = Required<
  Omit<WeightFormat, "options" | "waits" | "matrices" | "update">
>;

/**
 * Members of a format that holds core × bases.
 *
 * @param identity What the format is called and described as.
 */
export function tuckerMembers(
  { name, description }: Pick<WeightFormat, "name" | "description">,
): TuckerMembers {
  return {
    name,
    description,
    anchor: "kernel",

    async create(method, spec, random) {
      return { format: name, ...await randomParts(method, spec, random) };
    },

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
      const found = await decompose(method, spec, value, compression);
      return { state: { format: name, ...found.parts }, discarded: found.discarded };
    },

    plan: (spec, state) => planOf(spec, partsIn(state).kernel),
  };
}

/** Core and bases of a state, without its moments. */
export function partsIn(state: WeightState): TuckerParts {
  const { kernel, in: u, out: v } = state as PartsState;
  return { kernel, in: u, out: v };
}
