/**
 * The system's matrix product on the wasm heap.
 *
 * @module
 */

import type { Gemm } from "../heap/gemm.ts";
import type { BlasLibrary } from "./library.ts";

const ROW_MAJOR = 101;
const PLAIN = 111;
const TRANSPOSED = 112;

/**
 * Makes the product.
 *
 * @param library The loaded library.
 * @param base Native address of the heap.
 */
export function blasGemm({ sgemm }: BlasLibrary, base: () => number): Gemm {
  return (transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate) => {
    if (m === 0 || n === 0) return;
    const heap = base();
    sgemm(
      ROW_MAJOR,
      transA ? TRANSPOSED : PLAIN,
      transB ? TRANSPOSED : PLAIN,
      m,
      n,
      k,
      1,
      heap + a,
      Math.max(1, lda),
      heap + b,
      Math.max(1, ldb),
      accumulate ? 1 : 0,
      heap + c,
      ldc,
    );
  };
}
