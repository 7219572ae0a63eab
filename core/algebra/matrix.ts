/**
 * Plain float64 matrices on the host.
 *
 * @module
 */

/** A float64 matrix on the host: a plain record, row-major. */
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
 * @throws {RangeError} When the length is not rows × cols.
 */
export function matrix(data: ArrayLike<number>, rows: number, cols: number): Matrix {
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

/** Transpose. */
export function transposed(x: Matrix): Matrix {
  return matrixOf(x.cols, x.rows, (i, j) => x.data[j * x.cols + i]!);
}
