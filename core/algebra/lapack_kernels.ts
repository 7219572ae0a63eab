/**
 * Float64 kernels of the system's BLAS and LAPACK, where there are some.
 *
 * @module
 */

import { type HostLapack, openHostLapack } from "../backend/blas/host_lapack.ts";
import type { ProductOptions } from "./algebra.ts";
import { type DenseKernels, scaledKernels } from "./dense_kernels.ts";
import { type Matrix, zeroMatrix } from "./matrix.ts";
import { simdKernels } from "./simd_kernels.ts";

/** The library's kernels; undefined where none is installed or may be loaded. */
export function lapackKernels(): DenseKernels | undefined {
  const lapack = openHostLapack();
  if (!lapack) return undefined;
  return scaledKernels({
    name: lapack.name,
    product: (x, y, o) => product(lapack, x, y, o),
    qr(x) {
      const { q, r } = lapack.qr(x.data, x.rows, x.cols);
      const k = Math.min(x.rows, x.cols);
      return { q: { rows: x.rows, cols: k, data: q }, r: { rows: k, cols: x.cols, data: r } };
    },
    svd: (x) => svd(lapack, x),
  });
}

function product(lapack: HostLapack, x: Matrix, y: Matrix, o: ProductOptions): Matrix {
  const { transposeLeft = false, transposeRight = false } = o;
  const [m, k] = transposeLeft ? [x.cols, x.rows] : [x.rows, x.cols];
  const n = transposeRight ? y.rows : y.cols;
  const out = zeroMatrix(m, n);
  if (k > 0) lapack.gemm(transposeLeft, transposeRight, m, n, k, 1, x.data, y.data, 0, out.data);
  return out;
}

function svd(lapack: HostLapack, x: Matrix): ReturnType<DenseKernels["svd"]> {
  const k = Math.min(x.rows, x.cols);
  try {
    const { p, sigma, q } = lapack.svd(x.data, x.rows, x.cols);
    return {
      p: { rows: x.rows, cols: k, data: p },
      sigma,
      q: { rows: x.cols, cols: k, data: q },
    };
  } catch {
    // Divide and conquer may fail to converge; QR iteration is another algorithm.
    return simdKernels.svd(x);
  }
}
