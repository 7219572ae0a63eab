import { tunable, type Tuned } from "../../tunable.ts";
import { sequenceDatasets, type SequenceSource } from "../sequences.ts";
import { drawn } from "./puzzle.ts";

/** Random ids, a separator, and the same ids again. */
export const copying: Tuned<
  SequenceSource,
  { readonly length: number; readonly alphabet: number }
> = tunable(sequenceDatasets, {
  name: "copy",
  description: "random ids, a separator, the same ids again; minutes",
  defaults: { length: 20, alphabet: 32 },
  limits: {
    length: { integer: true, min: 1, description: "ids to copy" },
    alphabet: { integer: true, min: 2, description: "different ids" },
  },
  make: ({ length, alphabet }) => ({
    load: (options) =>
      Promise.try(drawn, {
        name: "copy",
        vocabulary: alphabet + 1,
        tokens: 2 * length + 1,
        answer: length,
        draw(random) {
          const ids = Array.from({ length }, () => random.integer(alphabet));
          return [...ids, alphabet, ...ids];
        },
      }, options),
  }),
});
