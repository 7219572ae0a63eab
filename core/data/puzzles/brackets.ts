import type { Random } from "../../random.ts";
import { tunable, type Tuned } from "../../tunable.ts";
import { sequenceDatasets, type SequenceSource } from "../sequences.ts";
import { drawn } from "./puzzle.ts";

/** Ids: brackets of two kinds, the question, and its answers. */
const OPENING = [0, 1];
const CLOSING = [2, 3];
const ASK = 4;
const NO = 5;
const YES = 6;

/** Brackets of two kinds, and a question: is the string balanced? Half of them are. */
export const brackets: Tuned<SequenceSource, { readonly length: number }> = tunable(
  sequenceDatasets,
  {
    name: "brackets",
    description: "is a string of ( [ ] ) balanced? For longer runs",
    defaults: { length: 32 },
    limits: { length: { integer: true, min: 2, description: "brackets, an even number" } },
    make({ length }) {
      if (length % 2 !== 0) {
        throw new RangeError(`Cannot make brackets: expected an even length, got ${length}`);
      }
      return {
        load: (options) =>
          Promise.try(drawn, {
            name: "brackets",
            vocabulary: YES + 1,
            tokens: length + 2,
            answer: 1,
            draw(random) {
              const ids = balanced(random, length);
              const isBalanced = random.integer(2) === 0;
              if (!isBalanced) spoil(random, ids);
              return [...ids, ASK, isBalanced ? YES : NO];
            },
          }, options),
      };
    },
  },
);

function balanced(random: Random, length: number): number[] {
  const open: number[] = [];
  return Array.from({ length }, (_, i) => {
    const mustOpen = open.length === 0;
    const mustClose = open.length === length - i;
    if (mustOpen || !mustClose && random.integer(2) === 0) {
      open.push(random.integer(2));
      return OPENING[open.at(-1)!]!;
    }
    return CLOSING[open.pop()!]!;
  });
}

/** Changes one closing bracket to the other kind. */
function spoil(random: Random, ids: number[]): void {
  const closing = ids.flatMap((id, i) => CLOSING.includes(id) ? [i] : []);
  const at = closing[random.integer(closing.length)]!;
  ids[at] = CLOSING[1 - CLOSING.indexOf(ids[at]!)]!;
}
