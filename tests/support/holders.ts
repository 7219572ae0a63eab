/** Holders of parts within one process, who sum what they hold as processes of a job do. */

import type { Matrix } from "../../core/algebra/mod.ts";
import { plus } from "./matrices.ts";

/** Sums a part over all holders. */
export type Reduce = (part: Matrix) => Promise<Matrix>;

/**
 * A reduction for each of `count` holders. The n-th sum of one is the n-th of all: it is there when
 * each has handed its part in.
 */
export function holders(count: number): Reduce[] {
  const rounds: { parts: Matrix[]; done: PromiseWithResolvers<Matrix> }[] = [];
  return Array.from({ length: count }, () => {
    let turn = 0;
    return (part) => {
      const round = rounds[turn++] ?? { parts: [], done: Promise.withResolvers<Matrix>() };
      rounds[turn - 1] = round;
      round.parts.push(part);
      if (round.parts.length === count) round.done.resolve(round.parts.reduce(plus));
      return round.done.promise;
    };
  });
}
