import type { Tensor } from "../../backend/mod.ts";
import type { Mover } from "../mover.ts";
import type { Representation } from "../representation.ts";
import {
  gathered,
  scattered,
  type SparseLowRankRecord,
} from "../representation/sparse_low_rank.ts";
import { byRule } from "./rule.ts";

/** The entries of a sparse matrix on its support and the factors beside it, by the optimizer rule. */
export const onSupport: Mover = {
  ...byRule,
  name: "on-support",
  description: "factors, and entries of a sparse matrix on its support, by the optimizer rule",
  moves: (representation) => representation.anchor === "base.value",

  async *update(weight) {
    const { representation, spec, motion: { method } } = weight;
    const { engine } = method;
    const { base, support } = weight.state as SparseLowRankRecord;
    const places = await engine.read(support);
    const evidence = yield representation.point(weight.state);
    const own = withEntries(representation, {
      entries: await gathered(engine, base.value, places),
      flow: await gathered(engine, evidence.gradient, places),
    });
    const step = byRule.update({ ...weight, representation: own });
    await step.next();
    const done = await step.next(evidence);
    const { entries, ...state } = (done.value as { state: { entries: Tensor } }).state;
    const value = scattered(engine, spec, places, await engine.read(entries));
    return { state: { ...state, base: { value }, support } };
  },
};

/** The same with the entries of the sparse matrix as one more variable. */
function withEntries(
  representation: Representation,
  { entries, flow }: { readonly entries: Tensor; readonly flow: Tensor },
): Representation {
  return {
    ...representation,
    asVariables(method, spec, state) {
      const reading = representation.asVariables!(method, spec, state);
      return {
        ...reading,
        start: { ...reading.start, entries },
        gradients: (evidence) => ({ ...reading.gradients(evidence), entries: flow }),
        store: ({ entries, ...factors }) => ({ ...reading.store(factors), entries }),
      };
    },
  };
}
