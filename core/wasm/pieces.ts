/**
 * Pieces of jobs as numbers, which every member of a team reads in the same way.
 *
 * @module
 */

/** Pieces a job may have, and one more. */
export const PIECES = 256;
/** Numbers that describe a piece. */
export const PIECE_NUMBERS = 48;
/** Of these, numbers that do not come from the job: its place in the table, and how many follow. */
const HEAD = 2;

/**
 * What a team can be asked to do: by name, a function that does one piece.
 *
 * @typeParam M What a member works with.
 */
export type Jobs<M> = Readonly<Record<string, (member: M, numbers: readonly number[]) => void>>;

/**
 * Writes down a piece.
 *
 * @param into Where.
 * @param start Index of its first number.
 * @param job Place of its job in the table.
 * @param numbers What the job's function gets.
 */
export function writePiece(
  into: Float64Array,
  start: number,
  job: number,
  numbers: readonly number[],
): void {
  into[start] = job;
  into[start + 1] = numbers.length;
  into.set(numbers, start + HEAD);
}

/** Reads what {@linkcode writePiece} wrote. */
export function readPiece(from: Float64Array, start: number): { job: number; numbers: number[] } {
  const first = start + HEAD;
  const numbers = Array.from(from.subarray(first, first + from[start + 1]!));
  return { job: from[start]!, numbers };
}

/** Refuses a piece of more numbers than there is room for. */
export function checkPiece(job: string, numbers: readonly number[]): void {
  const most = PIECE_NUMBERS - HEAD;
  if (numbers.length <= most) return;
  throw new RangeError(
    `Cannot describe a piece of "${job}": expected at most ${most} numbers, got ${numbers.length}`,
  );
}
