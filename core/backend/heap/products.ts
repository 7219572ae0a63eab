/**
 * Matrix products in pieces.
 *
 * @module
 */

import type { HeapContext } from "./context.ts";
import { type Gemm, gemmNumbers } from "./gemm.ts";

/** A piece is not cut below this many rows or columns. */
const LEAST_EXTENT = 32;

/** Number of cuts along the rows and along the columns of the result. */
export type Grid = readonly [number, number];

/** Rows first: each piece packs the whole of B once, in the order in which it lies. */
export function rowsFirst(threads: number, m: number, n: number): Grid {
  const rows = Math.max(1, Math.min(threads, Math.floor(m / LEAST_EXTENT)));
  const columns = Math.max(1, Math.min(Math.floor(threads / rows), Math.floor(n / LEAST_EXTENT)));
  return [rows, columns];
}

/** The cut whose pieces have the shortest sides: least is packed twice. */
export function squarest(threads: number, m: number, n: number): Grid {
  const grids = Array.from({ length: threads }, (_, i): Grid => {
    const rows = Math.min(i + 1, Math.max(1, Math.floor(m / LEAST_EXTENT)));
    return [rows, Math.min(Math.floor(threads / rows), Math.max(1, Math.floor(n / LEAST_EXTENT)))];
  });
  const most = Math.max(...grids.map(([r, c]) => r * c));
  const full = grids.filter(([r, c]) => r * c === most);
  return full.reduce((best, g) => m / g[0] + n / g[1] < m / best[0] + n / best[1] ? g : best);
}

/** Slices of the inner extent. */
export function slices(threads: number, k: number): number {
  return Math.max(1, Math.min(threads, Math.floor(k / LEAST_EXTENT)));
}

/**
 * Computes a product in pieces. Their bounds depend on the grid only, so that results repeat.
 *
 * @param team Who computes.
 * @param grid The cuts.
 * @param product Arguments of the product.
 */
export function inPieces(
  team: HeapContext["team"],
  [rows, columns]: Grid,
  product: Parameters<Gemm>,
): void {
  const [transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate] = product;
  const pieces: number[][] = [];
  for (let i = 0; i < rows; i++) {
    const [top, bottom] = [cut(m, rows, i), cut(m, rows, i + 1)];
    for (let j = 0; j < columns; j++) {
      const [left, right] = [cut(n, columns, j), cut(n, columns, j + 1)];
      const fromA = a + 4 * (transA ? top : top * lda);
      const fromB = b + 4 * (transB ? left * ldb : left);
      const to = c + 4 * (top * ldc + left);
      const [height, width] = [bottom - top, right - left];
      pieces.push(
        gemmNumbers(transA, transB, height, width, k, fromA, lda, fromB, ldb, to, ldc, accumulate),
      );
    }
  }
  team.run("gemm", pieces);
}

/**
 * Computes the parts of a product that slices of the inner index give: the first in place, the
 * others one behind the other at an address, without gaps between their rows.
 *
 * @param parts Number of slices.
 * @param others Where the parts after the first go.
 */
export function inSlices(
  team: HeapContext["team"],
  parts: number,
  product: Parameters<Gemm>,
  others: number,
): void {
  const [transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate] = product;
  const pieces = Array.from({ length: parts }, (_, i) => {
    const [from, to] = [cut(k, parts, i), cut(k, parts, i + 1)];
    const fromA = a + 4 * (transA ? from * lda : from);
    const fromB = b + 4 * (transB ? from : from * ldb);
    const [target, pitch] = i === 0 ? [c, ldc] : [others + 4 * m * n * (i - 1), n];
    const add = accumulate && i === 0;
    return gemmNumbers(transA, transB, m, n, to - from, fromA, lda, fromB, ldb, target, pitch, add);
  });
  team.run("gemm", pieces);
}

/** Where piece i of `count` begins in an extent; multiples of 16 keep whole tiles together. */
function cut(extent: number, count: number, i: number): number {
  return i === count ? extent : 16 * Math.floor(extent * i / count / 16);
}
