/**
 * Float64 kernels with SIMD, which every machine has: what stands in for LAPACK.
 *
 * @module
 */

import { denseQr, denseSvd } from "../factorisations/mod.ts";
import { type DenseKernels, jacobiSvd, portableKernels, scaledKernels } from "./dense_kernels.ts";
import { type Matrix, transposed } from "./matrix.ts";

/** Products by plain loops, factorisations with SIMD. */
export const simdKernels: DenseKernels = scaledKernels({
  name: "SIMD",
  product: portableKernels.product,
  qr: denseQr,
  svd,
});

function svd(x: Matrix): ReturnType<DenseKernels["svd"]> {
  if (x.rows >= x.cols) return denseSvd(x) ?? jacobiSvd(x);
  const { p, sigma, q } = svd(transposed(x));
  return { p: q, sigma, q: p };
}
