import type { Tensor } from "../../backend/mod.ts";
import type { Mover } from "../mover.ts";
import type { Evidence } from "../weight.ts";

/** Share of a new observation where the weight does not say. */
const MOMENTUM = 0.1;

/** Running means of what training passes observe, such as the statistics of batch norm. */
export const runningMean: Mover = {
  name: "running-mean",
  description: "running mean of what training observes; not trained",
  waits: true,
  moves: (representation) => representation.anchor === undefined,

  async *update({ representation, spec, state, motion: { method: { engine } } }) {
    const evidence: Evidence = yield representation.point(state);
    const { gradient, mean } = evidence;
    const observed = mean ? await mean(gradient) : gradient;
    const share = spec.momentum ?? MOMENTUM;
    const value = engine.lincomb(1 - share, state.value as Tensor, share, observed);
    return { state: { value } };
  },
};
