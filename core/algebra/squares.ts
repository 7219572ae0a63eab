/**
 * Sums of the squares of a matrix along its sides.
 *
 * @module
 */

import type { Algebra } from "./algebra.ts";

/** Σⱼ xᵢⱼ² of each row, m×1. */
export function rowSquares<M>(a: Algebra<M>, x: M): M {
  return a.multiply(a.square(x), ones(a, a.cols(x), 1));
}

/** Σᵢ xᵢⱼ² of each column, 1×n. */
export function columnSquares<M>(a: Algebra<M>, x: M): M {
  return a.multiply(ones(a, 1, a.rows(x)), a.square(x));
}

function ones<M>(a: Algebra<M>, rows: number, cols: number): M {
  return a.from(new Float32Array(rows * cols).fill(1), rows, cols);
}
