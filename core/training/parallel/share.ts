/**
 * Who does what of a batch.
 *
 * A batch is divided into parts, and members take parts that follow each other. What a pass draws or
 * observes within its part, such as the statistics of batch normalisation, depends on how many parts
 * there are and not on who computes them: a run with other members and as many parts is the same run
 * but for rounding.
 *
 * @module
 */

import type { Communicator } from "../../comm/mod.ts";

/** A part of a batch. */
export interface Part {
  /** Its number, from 0. */
  readonly index: number;
  /** First of its examples. */
  readonly begin: number;
  /** The one after its last. */
  readonly end: number;
}

/**
 * The parts of one member.
 *
 * @param batch Examples of all members together.
 * @param parts Parts in all.
 * @throws {RangeError} When there are fewer parts than members, or fewer examples than parts.
 */
export function partsOf(
  { rank, size }: Pick<Communicator, "rank" | "size">,
  batch: number,
  parts: number,
): readonly Part[] {
  if (parts < size || batch < parts) {
    throw new RangeError(
      `Cannot divide a batch: expected at most ${batch} parts, one for each example, and at least ` +
        `${size}, one for each process, got ${parts}`,
    );
  }
  const at = (part: number): number => Math.floor(part * batch / parts);
  const [first, last] = [rank, rank + 1].map((r) => Math.floor(r * parts / size));
  return Array.from({ length: last! - first! }, (_, i) => {
    const index = first! + i;
    return { index, begin: at(index), end: at(index + 1) };
  });
}
