/**
 * Complex float64 matrices on the host.
 *
 * @module
 */

import { type Matrix, zeroMatrix } from "./matrix.ts";

/** A complex float64 matrix on the host: a plain record of two real ones, row-major. */
export interface ComplexMatrix {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly cols: number;
  /** Real parts, row after row; length rows × cols. */
  readonly re: Float64Array;
  /** Imaginary parts, row after row; length rows × cols. */
  readonly im: Float64Array;
}

/**
 * Makes a complex matrix of its real and its imaginary part, which are copied.
 *
 * @param im Imaginary part; default zero.
 * @throws {RangeError} When the shapes differ.
 */
export function complexMatrix(
  re: Matrix,
  im: Matrix = zeroMatrix(re.rows, re.cols),
): ComplexMatrix {
  if (re.rows !== im.rows || re.cols !== im.cols) {
    throw new RangeError(
      `Cannot make a complex matrix: both parts must have one shape, ` +
        `got ${re.rows}×${re.cols} and ${im.rows}×${im.cols}`,
    );
  }
  return { rows: re.rows, cols: re.cols, re: re.data.slice(), im: im.data.slice() };
}

/** The real part. */
export function realPart(x: ComplexMatrix): Matrix {
  return { rows: x.rows, cols: x.cols, data: x.re.slice() };
}

/** The imaginary part. */
export function imaginaryPart(x: ComplexMatrix): Matrix {
  return { rows: x.rows, cols: x.cols, data: x.im.slice() };
}

/** (a + i b) x. */
export function complexScale(a: number, b: number, x: ComplexMatrix): ComplexMatrix {
  return {
    rows: x.rows,
    cols: x.cols,
    re: x.re.map((r, i) => a * r - b * x.im[i]!),
    im: x.im.map((m, i) => a * m + b * x.re[i]!),
  };
}

/** rows×cols zeros. */
export function complexZeros(rows: number, cols: number): ComplexMatrix {
  return { rows, cols, re: new Float64Array(rows * cols), im: new Float64Array(rows * cols) };
}

/** The conjugate transpose. */
export function adjoint(x: ComplexMatrix): ComplexMatrix {
  const out = complexZeros(x.cols, x.rows);
  for (let i = 0; i < x.rows; i++) {
    for (let j = 0; j < x.cols; j++) {
      out.re[j * x.rows + i] = x.re[i * x.cols + j]!;
      out.im[j * x.rows + i] = -x.im[i * x.cols + j]!;
    }
  }
  return out;
}
