import { tunable, type Tuned } from "../../tunable.ts";
import { sequenceDatasets, type SequenceSource } from "../sequences.ts";
import { drawn } from "./puzzle.ts";

/** Settings of associative recall. */
export type RecallSettings = {
  /** Pairs in an example. */
  readonly pairs: number;
  /** Different keys. */
  readonly keys: number;
  /** Different values. */
  readonly values: number;
};

/**
 * Pairs of a key and its value, a separator, and one of the keys: what was its value? Needs two
 * blocks of attention, an induction head.
 */
export const recall: Tuned<SequenceSource, RecallSettings> = tunable(sequenceDatasets, {
  name: "associative-recall",
  description: "the value that a key had; for longer runs",
  defaults: { pairs: 8, keys: 16, values: 16 },
  limits: {
    pairs: { integer: true, min: 1, description: "pairs in an example, at most the keys" },
    keys: { integer: true, min: 1, description: "different keys" },
    values: { integer: true, min: 2, description: "different values" },
  },
  make({ pairs, keys, values }) {
    if (pairs > keys) {
      throw new RangeError(
        `Cannot make associative-recall: expected at most ${keys} pairs, as keys are distinct, ` +
          `got ${pairs}`,
      );
    }
    return {
      load: (options) =>
        Promise.try(drawn, {
          name: "associative-recall",
          vocabulary: keys + values + 1,
          tokens: 2 * pairs + 3,
          answer: 1,
          draw(random) {
            const shown = [...random.permutation(keys).subarray(0, pairs)]
              .flatMap((key) => [key, keys + random.integer(values)]);
            const asked = 2 * random.integer(pairs);
            return [...shown, keys + values, shown[asked]!, shown[asked + 1]!];
          },
        }, options),
    };
  },
});
