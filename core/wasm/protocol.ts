/**
 * How the members of a team share a job, over one block of shared memory.
 *
 * A job is cut into pieces whose bounds do not depend on who computes them, so results repeat. The
 * state word holds the number of the job and of the next piece; whoever increments it by compare and
 * exchange computes that piece. A member that is late or asleep finds nothing left, and the main
 * thread never waits for more than a piece that is being computed.
 *
 * @module
 */

import { PIECE_NUMBERS, PIECES } from "./pieces.ts";

/** Places of the shared 32-bit integers. */
export const WORD = {
  /** Job number times {@linkcode PIECES}, plus the index of the next piece. */
  state: 0,
  /** Pieces that are done. */
  done: 1,
  /** Pieces of the job. */
  pieces: 2,
  /** Members that sleep. */
  sleeping: 3,
  /** Pieces that failed. */
  failed: 4,
} as const;

const INTEGER_BYTES = 64;

/** The shared memory. */
export interface TeamMemory {
  /** The block. */
  readonly buffer: SharedArrayBuffer;
  /** Words at the places of {@linkcode WORD}. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** What describes each piece, {@linkcode PIECE_NUMBERS} apart. */
  readonly numbers: Float64Array<SharedArrayBuffer>;
}

/** Makes a block, or sees a given one as its parts. */
export function teamMemory(
  buffer: SharedArrayBuffer = new SharedArrayBuffer(INTEGER_BYTES + 8 * PIECES * PIECE_NUMBERS),
): TeamMemory {
  return {
    buffer,
    words: new Int32Array(buffer, 0, INTEGER_BYTES / 4),
    numbers: new Float64Array(buffer, INTEGER_BYTES),
  };
}

/** Number of the job in a state word. */
export function jobOf(state: number): number {
  return Math.floor((state >>> 0) / PIECES);
}

/**
 * Computes pieces of a job until none is left. A piece that throws counts as done and as failed, so
 * that nobody waits for it.
 *
 * @param memory The shared memory.
 * @param job Number of the job.
 * @param compute Computes the piece whose description starts at an index of the numbers.
 * @returns What pieces threw on this thread.
 */
export function takePieces(
  { words }: TeamMemory,
  job: number,
  compute: (start: number) => void,
): unknown[] {
  const errors: unknown[] = [];
  for (;;) {
    const state = Atomics.load(words, WORD.state);
    const piece = (state >>> 0) % PIECES;
    if (jobOf(state) !== job || piece >= Atomics.load(words, WORD.pieces)) return errors;
    if (Atomics.compareExchange(words, WORD.state, state, state + 1) !== state) continue;
    try {
      compute(piece * PIECE_NUMBERS);
    } catch (error) {
      errors.push(error);
      Atomics.add(words, WORD.failed, 1);
    }
    Atomics.add(words, WORD.done, 1);
  }
}
