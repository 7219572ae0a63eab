/**
 * Products with tall matrices as pieces of jobs: each takes some of the rows.
 *
 * @module
 */

import type { Member } from "./member.ts";

/** UᵀA of some rows: addresses of the result, U and A, rows, columns of U and A, whether U is A. */
export function crossPiece({ simd }: Member, piece: readonly number[]): void {
  const [to, u, a, rows, r, k, isGram] = piece as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  simd.zero!(to, r * k);
  const kernel = isGram ? simd.add_gram! : simd.add_cross!;
  kernel(to, u, a, rows, 4 * k, 4 * r, 4 * k, r, 4 * k);
}

/** A X of some rows: addresses of the result, A and X, rows, columns. */
export function timesUpperPiece({ simd }: Member, piece: readonly number[]): void {
  const [to, a, x, rows, n] = piece as [number, number, number, number, number];
  simd.times_upper!(to, a, x, rows, n, 4 * n, 4 * n, 4 * n, 4 * n);
}

/** A − U S of some rows: addresses of A, U and S, rows, columns of U and A. */
export function takePiece({ simd }: Member, piece: readonly number[]): void {
  const [a, u, s, rows, r, k] = piece as [number, number, number, number, number, number];
  simd.take_product!(a, u, s, rows, r, 4 * k, 4 * r, 4 * k, 4 * k);
}
