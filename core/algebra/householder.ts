/**
 * Householder reflections in float64, row by row through contiguous memory.
 *
 * A reflection is orthogonal to round-off whatever vector it is made of, so that bases stay
 * orthonormal where columns are dependent and what is left of them is round-off.
 *
 * @module
 */

import { reflector } from "../factorisations/mod.ts";
import { type Matrix, matrixOf } from "./matrix.ts";

/** v of the reflection I − v vᵀ, of length √2, or zeros for the identity. */
export type Reflector = Float64Array;

/** The reflection that takes x, which is overwritten, to a multiple of the first unit vector. */
export function reflectorOf(x: Float64Array): Reflector {
  if (x.length > 0) reflector(x, 0, x.length);
  return x;
}

/** Applies a reflection to rows `row` … and columns `column` … of row-major `a`, from the left. */
export function reflectLeft(
  a: Float64Array,
  cols: number,
  row: number,
  column: number,
  v: Reflector,
): void {
  const width = cols - column;
  const along = new Float64Array(width);
  for (let i = 0, from = row * cols + column; i < v.length; i++, from += cols) {
    const factor = v[i]!;
    for (let j = 0; j < width; j++) along[j]! += factor * a[from + j]!;
  }
  for (let i = 0, from = row * cols + column; i < v.length; i++, from += cols) {
    const factor = v[i]!;
    for (let j = 0; j < width; j++) a[from + j]! -= factor * along[j]!;
  }
}

/** Applies a reflection to rows `row` … and columns `column` … of row-major `a`, from the right. */
export function reflectRight(
  a: Float64Array,
  cols: number,
  row: number,
  column: number,
  v: Reflector,
): void {
  for (let from = row * cols + column; from < a.length; from += cols) {
    let along = 0;
    for (let j = 0; j < v.length; j++) along += v[j]! * a[from + j]!;
    for (let j = 0; j < v.length; j++) a[from + j]! -= along * v[j]!;
  }
}

/** Entries `row` … of a column of row-major `a`. */
export function columnOf(a: Float64Array, cols: number, row: number, column: number): Float64Array {
  const out = new Float64Array(a.length / cols - row);
  for (let i = 0, at = row * cols + column; i < out.length; i++, at += cols) out[i] = a[at]!;
  return out;
}

/**
 * The first columns of the product of reflections H₀ H₁ …, of which the j-th acts on the
 * components from `offset` + j on.
 */
export function productOf(
  reflectors: readonly Reflector[],
  offset: number,
  rows: number,
  cols: number,
): Matrix {
  const out = matrixOf(rows, cols, (i, j) => i === j ? 1 : 0);
  for (let j = reflectors.length - 1; j >= 0; j--) {
    reflectLeft(out.data, cols, offset + j, Math.min(offset + j, cols), reflectors[j]!);
  }
  return out;
}

/**
 * Thin QR factorisation.
 *
 * @param x m×n, k = min(m, n).
 * @returns q m×k with orthonormal columns, whatever the rank of x, and r k×n upper triangular.
 */
export function householderQr(x: Matrix): { q: Matrix; r: Matrix } {
  const { rows: m, cols: n } = x;
  const k = Math.min(m, n);
  const work = x.data.slice();
  const reflectors: Reflector[] = [];
  for (let j = 0; j < k; j++) {
    const v = reflectorOf(columnOf(work, n, j, j));
    reflectors.push(v);
    reflectLeft(work, n, j, j, v);
  }
  const r = matrixOf(k, n, (i, j) => i <= j ? work[i * n + j]! : 0);
  return { q: productOf(reflectors, 0, m, k), r };
}
