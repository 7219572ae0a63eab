/**
 * Products that are symmetric: a half of their work.
 *
 * @module
 */

import type { HeapContext } from "./context.ts";
import type { Gemm } from "./gemm.ts";

/** A block on the diagonal is not halved below this extent. */
const LEAST_EXTENT = 128;

/** Where a symmetric product is worth being halved. */
export function isHalved(extent: number): boolean {
  return extent >= 2 * LEAST_EXTENT;
}

/**
 * C = X Xᵀ or XᵀX: blocks below the diagonal by the product, half of half as large ones on both
 * sides, and those above as their transposes. Blocks on the diagonal are computed whole.
 *
 * @param product Arguments of the product with the same matrix twice, one of them transposed.
 */
export function symmetricProduct(
  c: Pick<HeapContext, "gemm" | "simd">,
  product: Parameters<Gemm>,
): void {
  const [transA, transB, extent, , k, x, lda, , ldb, to, ldc] = product;
  const entry = (row: number, column: number): number => to + 4 * (row * ldc + column);
  const part = (row: number, rows: number, column: number, columns: number): void => {
    const left = x + 4 * (transA ? row : row * lda);
    const right = x + 4 * (transB ? column * ldb : column);
    const at = entry(row, column);
    c.gemm(transA, transB, rows, columns, k, left, lda, right, ldb, at, ldc, false);
  };
  const diagonal = (first: number, count: number): void => {
    if (!isHalved(count)) return part(first, count, first, count);
    const half = 16 * Math.ceil(count / 32);
    const middle = first + half;
    diagonal(first, half);
    diagonal(middle, count - half);
    part(middle, count - half, first, half);
    const [above, below] = [entry(first, middle), entry(middle, first)];
    c.simd.transpose_block!(above, below, count - half, half, 4 * ldc, 4 * ldc);
  };
  diagonal(0, extent);
}
