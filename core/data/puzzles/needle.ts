import { tunable, type Tuned } from "../../tunable.ts";
import { sequenceDatasets, type SequenceSource } from "../sequences.ts";
import { drawn } from "./puzzle.ts";

/**
 * Random ids with a mark somewhere, followed by the id that is asked for at the end. Measured at
 * another length than the trained one, it shows what positions and caches do.
 */
export const needle: Tuned<SequenceSource, { readonly length: number; readonly alphabet: number }> =
  tunable(sequenceDatasets, {
    name: "needle",
    description: "the id after a mark somewhere; for positions and caches",
    defaults: { length: 128, alphabet: 64 },
    limits: {
      length: { integer: true, min: 3, description: "tokens of an example" },
      alphabet: { integer: true, min: 2, description: "different ids" },
    },
    make: ({ length, alphabet }) => ({
      load: (options) =>
        Promise.try(drawn, {
          name: "needle",
          vocabulary: alphabet + 2,
          tokens: length + 1,
          answer: 1,
          draw(random) {
            const ids = Array.from({ length: length - 1 }, () => random.integer(alphabet));
            const at = random.integer(length - 2);
            ids[at] = alphabet;
            return [...ids, alphabet + 1, ids[at + 1]!];
          },
        }, options),
    }),
  });
