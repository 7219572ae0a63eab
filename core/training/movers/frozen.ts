import type { Mover } from "../mover.ts";

/** Not at all: no optimizer state, no gradient, nothing new to store. */
export const frozen: Mover = {
  name: "frozen",
  description: "stands still: costs no gradient and no optimizer state",
  waits: false,
  moves: () => true,
  // deno-lint-ignore require-yield -- what stands still asks for no gradient
  async *update({ state }) {
    return await Promise.resolve({ state });
  },
};
