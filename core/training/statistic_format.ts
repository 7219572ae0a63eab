import type { Tensor } from "../backend/mod.ts";
import { type WeightFormat, weightFormats, type WeightState } from "./parameter.ts";
import { startValues } from "./start.ts";

/** Share of a new observation where the weight does not say. */
const MOMENTUM = 0.1;

/** State of a running statistic. */
interface StatisticState extends WeightState {
  readonly format: "statistic";
  readonly value: Tensor;
}

/**
 * Running means of what training passes observe, such as the statistics of batch normalisation: no
 * weights, but stored, resumed and compared with them.
 */
export const statisticFormat: WeightFormat = weightFormats.add({
  name: "statistic",
  description: "running means of what training observes; not trained",
  waits: true,
  anchor: undefined,

  create({ engine }, spec, random) {
    const data = startValues(spec, random);
    return Promise.resolve({ format: "statistic", value: engine.tensor(data, spec.shape) });
  },

  point: (state) => ({ value: (state as StatisticState).value }),

  linear() {
    throw new Error("Cannot apply a statistic as a linear map: expected a weight");
  },

  async *update({ engine }, spec, state, _rate) {
    const { value } = state as StatisticState;
    const { gradient: observed } = yield { value };
    const share = spec.momentum ?? MOMENTUM;
    const next = engine.lincomb(1 - share, value, share, observed);
    return { state: { format: "statistic", value: next } };
  },

  size: () => 0,
  gradientSquare: () => Promise.resolve(0),
  rank: () => undefined,
  singularValues: () => Promise.resolve(undefined),
});
