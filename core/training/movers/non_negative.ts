import type { Tensor } from "../../backend/mod.ts";
import type { Mover } from "../mover.ts";
import { byRule } from "./rule.ts";

/** By the optimizer rule, then to the nearest weight without negative entries. */
export const nonNegative: Mover = {
  ...byRule,
  name: "non-negative",
  description: "by the optimizer rule, then projected to entries of at least 0",
  moves: (representation) => byRule.moves(representation) && representation.anchor === "value",

  async *update(weight) {
    const { state, ...moved } = yield* byRule.update(weight);
    const { engine } = weight.motion.method;
    const value = engine.activate(state.value as Tensor, "relu");
    return { ...moved, state: { ...state, value } };
  },
};
