import { tunable, type Tuned } from "../../tunable.ts";
import { sequenceDatasets, type SequenceSource } from "../sequences.ts";
import { drawn } from "./puzzle.ts";

/** Digits, a separator, and the digits in ascending order. */
export const sorting: Tuned<SequenceSource, { readonly length: number; readonly digits: number }> =
  tunable(sequenceDatasets, {
    name: "sorting",
    description: "digits, a separator, the digits in order; minutes",
    defaults: { length: 10, digits: 10 },
    limits: {
      length: { integer: true, min: 1, description: "digits to sort" },
      digits: { integer: true, min: 2, description: "different digits" },
    },
    make: ({ length, digits }) => ({
      load: (options) =>
        Promise.try(drawn, {
          name: "sorting",
          vocabulary: digits + 1,
          tokens: 2 * length + 1,
          answer: length,
          draw(random) {
            const given = Array.from({ length }, () => random.integer(digits));
            return [...given, digits, ...given.toSorted((a, b) => a - b)];
          },
        }, options),
    }),
  });
