/**
 * The singular value decomposition of a matrix on the heap, as a piece of a job: each member takes a
 * matrix.
 *
 * @module
 */

import { type Place, planThinSvd, thinSvd } from "../../factorisations/mod.ts";
import type { Member } from "./member.ts";

/** A decomposition. Addresses are in bytes, matrices are row-major float32. */
export interface SvdOrder {
  /** Address of the matrix A, m×n. */
  readonly a: number;
  /** Its rows. */
  readonly m: number;
  /** Its columns. */
  readonly n: number;
  /** Address for the left singular vectors, m×k with k = min(m, n); 0 where they are not wanted. */
  readonly p: number;
  /** Address for the right singular vectors, n×k; 0 where they are not wanted. */
  readonly q: number;
  /** Address of room for {@linkcode svdBytes}, a multiple of 8: begins with what was found. */
  readonly room: number;
}

/** Bytes of room for an SVD. */
export function svdBytes(m: number, n: number): number {
  return 8 * planThinSvd(Math.max(m, n), Math.min(m, n), resultsOf(m, n)).end;
}

/** Numbers before those that an SVD works with: whether it ended, and singular values. */
function resultsOf(m: number, n: number): number {
  return Math.min(m, n) + 1;
}

/** A decomposition as numbers, for {@linkcode svdPiece}. */
export function svdNumbers({ a, m, n, p, q, room }: SvdOrder): number[] {
  return [a, m, n, p, q, room];
}

/** Does what {@linkcode svdNumbers} describes. */
export function svdPiece({ factors }: Member, piece: readonly number[]): void {
  const [a, m, n, p, q, room] = piece as [number, number, number, number, number, number];
  const wide = m < n;
  const [rows, cols] = wide ? [n, m] : [m, n];
  const first = room / 8;
  const plan = planThinSvd(rows, cols, first + resultsOf(m, n));
  const { numbers } = factors;
  const data = new Float32Array(numbers.buffer);
  const place = (at: number): Place | undefined => at > 0 ? { data, at: at / 4 } : undefined;
  const [left, right] = wide ? [q, p] : [p, q];
  const x = { data, at: a / 4, transposed: wide };
  const sigma = thinSvd(factors, plan, x, { p: place(left), q: place(right) });
  numbers[first] = Number(sigma !== undefined);
  if (sigma) numbers.set(sigma, first + 1);
}

/** What {@linkcode svdPiece} found: singular values, descending; undefined where it did not end. */
export function foundBy(numbers: Float64Array, { m, n, room }: SvdOrder): Float64Array | undefined {
  const first = room / 8;
  return numbers[first] ? numbers.slice(first + 1, first + resultsOf(m, n)) : undefined;
}
