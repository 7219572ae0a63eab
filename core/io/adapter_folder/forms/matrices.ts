/** Parts of an adapter as float64 matrices. */

import { type Algebra, hostAlgebra, type Matrix, matrix } from "../../../algebra/mod.ts";
import type { TensorData } from "../../safetensors.ts";

/** Where adapters are computed: float64. */
export const host: Algebra<Matrix> = hostAlgebra();

/** A tensor as a matrix: its first extent by all others. */
export function matrixOfTensor({ shape, data }: TensorData): Matrix {
  const rows = shape[0]!;
  const cols = shape.slice(1).reduce((n, d) => n * d, 1);
  return matrix(data as Float32Array, rows, cols);
}

/** Numbers of a tensor. */
export function numbersOf({ data }: TensorData): Float64Array {
  return Float64Array.from(data as Float32Array);
}

/** Upper left corner of a matrix. */
export function corner(m: Matrix, rows: number, cols: number): Matrix {
  const part = host.columns(m, 0, cols);
  return { rows, cols, data: part.data.subarray(0, rows * cols) };
}

/** Product, entry by entry. */
export function hadamard(x: Matrix, y: Matrix): Matrix {
  return { ...x, data: x.data.map((v, i) => v * y.data[i]!) };
}
