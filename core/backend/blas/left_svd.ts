/**
 * Left singular vectors of wide matrices by LAPACK, beside the main thread.
 *
 * They are the eigenvectors of A Aᵀ. Formed in float64 the square of float32 entries loses nothing
 * that they held: its round-off moves singular values by 1e-8 of the largest, theirs by 6e-8.
 *
 * @module
 */

import { BLOCK_BYTES } from "./lapack_block.ts";
import type { BesideFunctions } from "./library.ts";
import { borrowFor, giveBack, SMALL } from "./svd.ts";

const COLUMN_MAJOR = 102;
const UPPER = 121;
const TRANSPOSED = 112;

/** Left factors of A = P diag(sigma) Qᵀ. */
export interface LeftFactors {
  /** Columns of P one after the other, each m long, descending by their singular values. */
  readonly columns: Float64Array;
  /** Singular values, m, descending. */
  readonly sigma: Float64Array;
}

/**
 * P and the singular values of a matrix with at least as many columns as rows; undefined where it is
 * so small, or holds what is not finite, that the plain SVD should have it, and where LAPACK did not
 * converge.
 *
 * @typeParam T What `use` makes of the factors.
 * @param lapack Functions that run beside this thread.
 * @param a Entries, m×n row-major; copied at once.
 * @param use Takes the factors, whose memory is used again after it returns.
 */
export async function leftSvd<T>(
  lapack: BesideFunctions,
  a: Float32Array,
  m: number,
  n: number,
  use: (factors: LeftFactors) => T,
): Promise<T | undefined> {
  const { syrk, syevd } = lapack;
  if (!syrk || !syevd || m * n <= SMALL) return undefined;
  const at = layout(m, n);
  const { memory, base, block } = borrowFor(a, at);
  const [square, values, work, integers] = [at.square, at.values, at.work, at.integers]
    .map((start) => base + 8 * start) as [number, number, number, number];
  // Column-major, the matrix is Aᵀ.
  await syrk(COLUMN_MAJOR, UPPER, TRANSPOSED, m, n, 1, base, n, 0, square, m);
  if (!hasFiniteDiagonal(memory, at.square, m)) return void giveBack(memory);
  const p = block.write({ m, n, k: 3 + 5 * m, lwork: workOf(m) });
  const operands = [p.vectors, p.upper, p.m, square, p.m, values];
  await syevd(...operands, work, p.lwork, integers, p.k, p.info, 1, 1);
  const columns = memory.subarray(at.square, at.square + m * m);
  reverseColumns(columns, m);
  // Eigenvalues ascend; round-off may leave those of zero below it.
  const sigma = Float64Array.from(memory.subarray(at.values, at.values + m), (value) => {
    return Math.sqrt(Math.max(0, value));
  }).reverse();
  const done = block.info() === 0 ? use({ columns, sigma }) : undefined;
  giveBack(memory);
  return done;
}

/** Puts the columns of an m×m matrix, one after the other, into the opposite order. */
function reverseColumns(columns: Float64Array, m: number): void {
  const spare = new Float64Array(m);
  for (let i = 0, j = m - 1; i < j; i++, j--) {
    spare.set(columns.subarray(i * m, (i + 1) * m));
    columns.copyWithin(i * m, j * m, (j + 1) * m);
    columns.set(spare, j * m);
  }
}

/** Squares of rows: of float32 entries they are finite where all entries are. */
function hasFiniteDiagonal(memory: Float64Array, square: number, m: number): boolean {
  for (let i = 0; i < m; i++) if (!Number.isFinite(memory[square + i * (m + 1)]!)) return false;
  return true;
}

/** Numbers of workspace that dsyevd asks for. */
function workOf(m: number): number {
  return 1 + 6 * m + 2 * m * m;
}

/** Where the parts of the memory begin, in numbers of 8 bytes, and its size. */
function layout(
  m: number,
  n: number,
): Readonly<Record<"square" | "values" | "work" | "integers" | "block" | "total", number>> {
  const square = m * n;
  const values = square + m * m;
  const work = values + m;
  const integers = work + workOf(m);
  const block = integers + 3 + 5 * m;
  return { square, values, work, integers, block, total: block + BLOCK_BYTES / 8 };
}
