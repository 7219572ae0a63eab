/**
 * Portable float64 kernels in plain TypeScript: the reference that every faster implementation is
 * held against, and the fallback where there is no LAPACK.
 *
 * @module
 */

import type { ProductOptions } from "./algebra.ts";
import { bidiagonalSvd } from "./bidiagonal_svd.ts";
import { complexSvd } from "./complex_kernels.ts";
import { complexMatrix, realPart } from "./complex_matrix.ts";
import { householderQr } from "./householder.ts";
import { type Matrix, transposed, zeroMatrix } from "./matrix.ts";
import { divided, multiplied, unitOf } from "./scaling.ts";

/**
 * The dense float64 operations that may come from LAPACK or from here.
 *
 * @example Kernels that count products
 * ```ts
 * import { type DenseKernels, hostAlgebra, matrix } from "@rankflow/rankflow";
 * import { portableKernels } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * let products = 0;
 * const counting: DenseKernels = {
 *   ...portableKernels,
 *   product: (x, y, o) => (products++, portableKernels.product(x, y, o)),
 * };
 * hostAlgebra(counting).multiply(matrix([1, 2], 1, 2), matrix([3, 4], 2, 1));
 * assertEquals(products, 1);
 * ```
 */
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

/** Kernels that need nothing but this package. */
export const portableKernels: DenseKernels = scaledKernels({
  name: "portable",
  product,
  qr: householderQr,
  svd,
});

/** Kernels whose factorisations are given matrices of harmless size, whatever they are asked for. */
export function scaledKernels(kernels: DenseKernels): DenseKernels {
  return {
    ...kernels,
    qr(x) {
      const unit = unitOf(x.data);
      const { q, r } = kernels.qr(divided(x, unit));
      return { q, r: multiplied(r, unit) };
    },
    svd(x) {
      const unit = unitOf(x.data);
      const { p, sigma, q } = kernels.svd(divided(x, unit));
      return { p, sigma: unit === 1 ? sigma : sigma.map((value) => value * unit), q };
    },
  };
}

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

function svd(x: Matrix): { p: Matrix; sigma: Float64Array; q: Matrix } {
  if (x.rows < x.cols) {
    const { p, sigma, q } = svd(transposed(x));
    return { p: q, sigma, q: p };
  }
  if (x.rows === x.cols) return bidiagonalSvd(x) ?? jacobiSvd(x);
  const { q: basis, r } = householderQr(x);
  const { p, sigma, q } = svd(r);
  return { p: product(basis, p, {}), sigma, q };
}

/** SVD by rotations: slower, for what the iteration on a bidiagonal matrix does not end on. */
export function jacobiSvd(x: Matrix): { p: Matrix; sigma: Float64Array; q: Matrix } {
  const { p, sigma, q } = complexSvd(complexMatrix(x));
  return { p: realPart(p), sigma, q: realPart(q) };
}
