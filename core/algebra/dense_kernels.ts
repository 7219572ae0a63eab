/**
 * Portable float64 kernels in plain TypeScript and ml-matrix: the reference that every faster
 * implementation is held against, and the fallback where there is no LAPACK.
 *
 * @module
 */

import { CholeskyDecomposition, Matrix as MlMatrix, QrDecomposition, SVD } from "ml-matrix";
import type { ProductOptions } from "./algebra.ts";
import { type Matrix, transposed, zeroMatrix } from "./matrix.ts";

/** The dense float64 operations that may come from LAPACK or from here. */
export interface DenseKernels {
  /** Where they come from, for people. */
  readonly name: string;
  /** Product in any transposition; inner dimensions must agree. */
  product(x: Matrix, y: Matrix, o: ProductOptions): Matrix;
  /** Thin QR, k = min(m, n): q m×k with orthonormal columns, r k×n. */
  qr(x: Matrix): { q: Matrix; r: Matrix };
  /** Thin SVD: p m×k, sigma descending, q n×k. */
  svd(x: Matrix): { p: Matrix; sigma: Float64Array; q: Matrix };
}

/** Kernels that need nothing but this package and ml-matrix. */
export const portableKernels: DenseKernels = { name: "ml-matrix", product, qr, svd };

function product(x: Matrix, y: Matrix, o: ProductOptions): Matrix {
  // The row-oriented triple loop streams through both operands; transposing first costs O(n²).
  const a = o.transposeLeft ? transposed(x) : x;
  const b = o.transposeRight ? transposed(y) : y;
  const out = zeroMatrix(a.rows, b.cols);
  const n = b.cols;
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.cols; k++) {
      const alpha = a.data[i * a.cols + k]!;
      if (alpha === 0) continue;
      const row = i * n;
      const from = k * n;
      for (let j = 0; j < n; j++) out.data[row + j]! += alpha * b.data[from + j]!;
    }
  }
  return out;
}

function qr(x: Matrix): { q: Matrix; r: Matrix } {
  // ml-matrix factors tall matrices; a wide one has the Q of its leading square block.
  const k = Math.min(x.rows, x.cols);
  const leading = x.cols > k ? leadingColumns(x, k) : x;
  const q = fromMl(new QrDecomposition(toMl(leading)).orthogonalMatrix);
  const r = product(q, x, { transposeLeft: true });
  for (let i = 0; i < k; i++) r.data.fill(0, i * x.cols, i * x.cols + i);
  return { q, r };
}

function svd(x: Matrix): { p: Matrix; sigma: Float64Array; q: Matrix } {
  if (x.rows < x.cols) {
    const { p, sigma, q } = svd(transposed(x));
    return { p: q, sigma, q: p };
  }
  // The iteration of ml-matrix does not end on some matrices whose small singular values are
  // round-off. In the triangular factor such parts are entries, and can be made exact zeros.
  const { q: basis, r } = qr(x);
  const ml = new SVD(toMl(withoutRoundOff(r)), { autoTranspose: false });
  return {
    p: product(basis, fromMl(ml.leftSingularVectors), {}),
    sigma: Float64Array.from(ml.diagonal),
    q: fromMl(ml.rightSingularVectors),
  };
}

/** The matrix with entries below its round-off set to zero. */
function withoutRoundOff(x: Matrix): Matrix {
  const largest = x.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const floor = Number.EPSILON * largest;
  return { ...x, data: x.data.map((a) => (Math.abs(a) <= floor ? 0 : a)) };
}

/**
 * Lower Cholesky factor of a symmetric matrix, or undefined when it is not positive definite.
 *
 * @param g n×n, symmetric.
 */
export function cholesky(g: Matrix): Matrix | undefined {
  const factor = new CholeskyDecomposition(toMl(g));
  return factor.isPositiveDefinite() ? fromMl(factor.lowerTriangularMatrix) : undefined;
}

function leadingColumns(x: Matrix, k: number): Matrix {
  const out = zeroMatrix(x.rows, k);
  for (let i = 0; i < x.rows; i++) {
    out.data.set(x.data.subarray(i * x.cols, i * x.cols + k), i * k);
  }
  return out;
}

function toMl(x: Matrix): MlMatrix {
  return MlMatrix.from1DArray(x.rows, x.cols, x.data);
}

function fromMl(x: MlMatrix): Matrix {
  return { rows: x.rows, cols: x.columns, data: Float64Array.from(x.to1DArray()) };
}
