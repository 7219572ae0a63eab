/**
 * Plain float64 matrices on the host.
 *
 * @module
 */

import { checkInteger } from "../checks.ts";
import type { SideWeights } from "./algebra.ts";

/**
 * A float64 matrix on the host: a plain record, row-major.
 *
 * @example A diagonal
 * ```ts
 * import type { Matrix } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const m: Matrix = { rows: 2, cols: 2, data: Float64Array.of(1, 0, 0, 2) };
 * const diagonal = Array.from({ length: m.rows }, (_, i) => m.data[i * m.cols + i]);
 * assertEquals(diagonal, [1, 2]);
 * ```
 */
export interface Matrix {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly cols: number;
  /** Elements, row after row; length rows × cols. */
  readonly data: Float64Array;
}

/**
 * Makes a matrix of row-major data, which is copied.
 *
 * @throws {RangeError} When an extent is none, or the length is not rows × cols.
 *
 * @example Two rows
 * ```ts
 * import { matrix } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { rows, cols, data } = matrix([1, 2, 3, 4, 5, 6], 2, 3);
 * assertEquals([rows, cols, data[3]], [2, 3, 4]);
 * ```
 */
export function matrix(data: ArrayLike<number>, rows: number, cols: number): Matrix {
  for (const n of [rows, cols]) checkInteger("make a matrix", "its extents", n, { least: 0 });
  if (data.length !== rows * cols) {
    throw new RangeError(
      `Cannot make a ${rows}×${cols} matrix: ${rows * cols} numbers are needed, got ${data.length}`,
    );
  }
  return { rows, cols, data: Float64Array.from(data) };
}

/** rows×cols zeros. */
export function zeroMatrix(rows: number, cols: number): Matrix {
  return { rows, cols, data: new Float64Array(rows * cols) };
}

/** Matrix with element f(i, j) in row i and column j. */
export function matrixOf(
  rows: number,
  cols: number,
  f: (i: number, j: number) => number,
): Matrix {
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) data[i * cols + j] = f(i, j);
  }
  return { rows, cols, data };
}

/**
 * Refuses columns that a matrix does not have.
 *
 * @param cols Those that it has.
 * @throws {RangeError} When begin and end are not integers with 0 ≤ begin ≤ end ≤ cols.
 */
export function checkColumns(cols: number, begin: number, end: number): void {
  checkInteger("take columns", "their end", end, { least: 0, most: cols });
  checkInteger("take columns", "their begin", begin, { least: 0, most: end });
}

/**
 * Refuses factors that do not fit an m×n matrix.
 *
 * @throws {RangeError} When there are not as many as rows, or columns.
 */
export function checkWeights(m: number, n: number, { rows, columns }: SideWeights): void {
  const wanted = [["rows", rows, m], ["columns", columns, n]] as const;
  for (const [name, factors, count] of wanted) {
    if (factors === undefined || factors.length === count) continue;
    throw new RangeError(
      `Cannot weight the ${name} of a matrix: expected ${count} factors, got ${factors.length}`,
    );
  }
}

/**
 * Refuses a second operand of an element-wise product that is neither of the shape of the first nor
 * one row or column of it.
 *
 * @throws {RangeError} Naming both shapes.
 */
export function checkRepeats(
  [m, n]: readonly [number, number],
  [rows, cols]: readonly [number, number],
): void {
  if ((rows === m || rows === 1) && (cols === n || cols === 1)) return;
  throw new RangeError(
    `Cannot multiply element by element: expected ${m}×${n}, or one row or column of that, ` +
      `got ${rows}×${cols}`,
  );
}

/** Transpose. */
export function transposed(x: Matrix): Matrix {
  return matrixOf(x.cols, x.rows, (i, j) => x.data[j * x.cols + i]!);
}
