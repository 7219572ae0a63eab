/**
 * Matrix products in pieces.
 *
 * @module
 */

import type { Gemm } from "../heap/gemm.ts";
import { PIECE_NUMBERS } from "./protocol.ts";
import type { Team } from "./team.ts";

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
 * @param product Arguments of the product; addresses as this thread's `gemm` takes them.
 * @param origin What helpers add to those addresses.
 * @param gemm Computes a piece on this thread.
 */
export function inPieces(
  team: Team,
  [rows, columns]: Grid,
  product: Parameters<Gemm>,
  origin: number,
  gemm: Gemm,
): void {
  const [transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate] = product;
  let piece = 0;
  for (let i = 0; i < rows; i++) {
    const [top, bottom] = [cut(m, rows, i), cut(m, rows, i + 1)];
    for (let j = 0; j < columns; j++) {
      const [left, right] = [cut(n, columns, j), cut(n, columns, j + 1)];
      const fromA = a + 4 * (transA ? top : top * lda);
      const fromB = b + 4 * (transB ? left * ldb : left);
      const to = c + 4 * (top * ldc + left);
      const extents = [bottom - top, right - left, k] as const;
      const part = [
        transA,
        transB,
        ...extents,
        fromA,
        lda,
        fromB,
        ldb,
        to,
        ldc,
        accumulate,
      ] as const;
      describe(team, piece++, [...part], origin);
    }
  }
  team.run(piece, (start) => runPiece(team.numbers, start, origin, gemm));
}

/**
 * Computes the parts of a product that slices of the inner index give: the first in place, the
 * others one behind the other at an address, without gaps between their rows.
 *
 * @param parts Number of slices.
 * @param others Where the parts after the first go.
 */
export function inSlices(
  team: Team,
  parts: number,
  product: Parameters<Gemm>,
  others: number,
  origin: number,
  gemm: Gemm,
): void {
  const [transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate] = product;
  for (let i = 0; i < parts; i++) {
    const [from, to] = [cut(k, parts, i), cut(k, parts, i + 1)];
    const fromA = a + 4 * (transA ? from * lda : from);
    const fromB = b + 4 * (transB ? from : from * ldb);
    const [target, pitch] = i === 0 ? [c, ldc] : [others + 4 * m * n * (i - 1), n];
    const part = [m, n, to - from, fromA, lda, fromB, ldb, target, pitch] as const;
    describe(team, i, [transA, transB, ...part, accumulate && i === 0], origin);
  }
  team.run(parts, (start) => runPiece(team.numbers, start, origin, gemm));
}

/** Writes down a piece for whoever takes it. */
function describe(team: Team, piece: number, product: Parameters<Gemm>, origin: number): void {
  const [transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate] = product;
  const flags = [transA, transB, accumulate].map(Number);
  const places = [origin + a, lda, origin + b, ldb, origin + c, ldc];
  team.numbers.set([...flags, m, n, k, ...places], PIECE_NUMBERS * piece);
}

/** Where piece i of `count` begins in an extent; multiples of 16 keep whole tiles together. */
function cut(extent: number, count: number, i: number): number {
  return i === count ? extent : 16 * Math.floor(extent * i / count / 16);
}

/**
 * Computes the piece whose numbers start at an index.
 *
 * @param origin What to subtract from its addresses.
 */
export function runPiece(numbers: Float64Array, start: number, origin: number, gemm: Gemm): void {
  const at = (i: number): number => numbers[start + i]!;
  const [a, b, c] = [at(6) - origin, at(8) - origin, at(10) - origin];
  const flag = (i: number): boolean => at(i) === 1;
  gemm(flag(0), flag(1), at(3), at(4), at(5), a, at(7), b, at(9), c, at(11), flag(2));
}
