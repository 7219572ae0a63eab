import { Random } from "../../random.ts";
import { tunable, type Tuned } from "../../tunable.ts";
import {
  type LoadSequencesOptions,
  type SequenceData,
  sequenceDatasets,
  type SequenceSource,
} from "../sequences.ts";
import { checkedCount, puzzleData } from "./puzzle.ts";

const NAME = "modular-addition";

/**
 * a, b, "=": what is (a + b) mod p? All p² pairs in an order of the seed, the first half to train
 * on, the other to measure on: it is learnt much later than the first, and only with weight decay
 * (Power et al., "Grokking", arXiv:2201.02177).
 */
export const addition: Tuned<SequenceSource, { readonly modulus: number }> = tunable(
  sequenceDatasets,
  {
    name: NAME,
    description: "a + b modulo p, from half of all pairs; for long runs",
    defaults: { modulus: 97 },
    limits: { modulus: { integer: true, min: 2, max: 1000, description: "the modulus p" } },
    make: ({ modulus }) => ({ load: (options) => Promise.try(split, modulus, options) }),
  },
);

function split(modulus: number, options: LoadSequencesOptions): SequenceData {
  const order = new Random(options.seed).fork(NAME).permutation(modulus ** 2);
  const half = order.length >> 1;
  const first = (pairs: Uint32Array, count: number = pairs.length) => {
    if (checkedCount(count) > pairs.length) {
      throw new RangeError(
        `Cannot take ${count} examples of ${NAME}: expected at most ${pairs.length}, half of all`,
      );
    }
    return Array.from(pairs.subarray(0, count), (pair) => {
      const [a, b] = [Math.floor(pair / modulus), pair % modulus];
      return [a, b, modulus, (a + b) % modulus];
    });
  };
  return puzzleData(
    { name: NAME, vocabulary: modulus + 1, tokens: 4, answer: 1 },
    first(order.subarray(0, half), options.trainCount),
    first(order.subarray(half), options.testCount),
  );
}
