/**
 * Products as pieces of work.
 *
 * @module
 */

import type { Gemm } from "./gemm.ts";
import type { Member } from "./member.ts";

/** A product as numbers, for {@linkcode gemmPiece}. */
export function gemmNumbers(...product: Parameters<Gemm>): number[] {
  return product.map(Number);
}

/** Computes a product that {@linkcode gemmNumbers} describes. */
export function gemmPiece(
  { gemm }: Member,
  [ta, tb, m, n, k, a, lda, b, ldb, c, ldc, add]: readonly number[],
): void {
  gemm(ta === 1, tb === 1, m!, n!, k!, a!, lda!, b!, ldb!, c!, ldc!, add === 1);
}
