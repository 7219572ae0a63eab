/**
 * How the main thread and its helpers share work, over one block of shared memory.
 *
 * A job is cut into pieces whose bounds do not depend on who computes them, so results repeat. The
 * state word holds the number of the job and of the next piece; whoever increments it by compare and
 * exchange computes that piece. A helper that is late or asleep finds nothing left, and the main
 * thread never waits for more than a piece that is being computed.
 *
 * @module
 */

/** Places of the shared 32-bit integers. */
export const WORD = {
  /** Job number times {@linkcode PIECES}, plus the index of the next piece. */
  state: 0,
  /** Pieces that are done. */
  done: 1,
  /** Pieces of the job. */
  pieces: 2,
  /** Helpers that sleep. */
  sleeping: 3,
  /** Pieces that failed. */
  failed: 4,
} as const;

/** Pieces a job may have, and one more. */
export const PIECES = 256;
/** Numbers that describe a piece. */
export const PIECE_NUMBERS = 48;
const INTEGER_BYTES = 64;

/** The shared memory. */
export interface TeamMemory {
  /** Words at the places of {@linkcode WORD}. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** What describes each piece, {@linkcode PIECE_NUMBERS} apart. */
  readonly numbers: Float64Array<SharedArrayBuffer>;
}

/** Makes the block. */
export function makeTeamBuffer(): SharedArrayBuffer {
  return new SharedArrayBuffer(INTEGER_BYTES + 8 * PIECES * PIECE_NUMBERS);
}

/** Sees a block as its parts. */
export function teamMemory(buffer: SharedArrayBuffer): TeamMemory {
  return {
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
 * @param compute Computes the piece whose arguments start at an index of the numbers.
 */
export function takePieces(
  { words }: TeamMemory,
  job: number,
  compute: (start: number) => void,
): void {
  for (;;) {
    const state = Atomics.load(words, WORD.state);
    const piece = (state >>> 0) % PIECES;
    if (jobOf(state) !== job || piece >= Atomics.load(words, WORD.pieces)) return;
    if (Atomics.compareExchange(words, WORD.state, state, state + 1) !== state) continue;
    try {
      compute(piece * PIECE_NUMBERS);
    } catch {
      Atomics.add(words, WORD.failed, 1);
    }
    Atomics.add(words, WORD.done, 1);
  }
}
