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

/** OpenBLAS takes its kernels without packing up to this product of the three extents. */
const SMALL_LIMIT = 1e6;
/** Widest product for which splitting pays: beyond it packing is a small part of the work. */
const NARROW = 64;
/** Beyond this product of the extents, threads do more than the kernels without packing. */
const SPLIT_LIMIT = 16e6;
/** Rows of a piece, at most. */
const PIECE_ROWS = 256;

/**
 * Makes the product.
 *
 * Products with few columns, of which low-rank training is full, are split into pieces that OpenBLAS
 * computes without packing where it can: 107 becomes 144 GFLOP/s for 256×784 by 784×32 on one core.
 * Transposed operands are left whole: read without packing, from beyond the caches, they are slower.
 *
 * @param library The loaded library.
 * @param base Native address of the heap.
 */
export function blasGemm({ sgemm, smallKernels }: BlasLibrary, base: () => number): Gemm {
  const whole: Gemm = (transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate) => {
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
  return smallKernels ? splitting(whole) : whole;
}

function splitting(whole: Gemm): Gemm {
  return (transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate) => {
    const work = m * n * k;
    if (transA || transB || n > NARROW || work <= SMALL_LIMIT || work > SPLIT_LIMIT) {
      return whole(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, accumulate);
    }
    const rows = evenly(m, PIECE_ROWS);
    const depth = evenly(k, Math.floor(SMALL_LIMIT / (rows * n)));
    for (let i = 0; i < m; i += rows) {
      for (let p = 0; p < k; p += depth) {
        const [mi, kp] = [Math.min(rows, m - i), Math.min(depth, k - p)];
        const [fromA, fromB] = [a + 4 * (i * lda + p), b + 4 * p * ldb];
        const add = accumulate || p > 0;
        whole(false, false, mi, n, kp, fromA, lda, fromB, ldb, c + 4 * i * ldc, ldc, add);
      }
    }
  };
}

/** The size of equal pieces of at most `limit`. */
function evenly(extent: number, limit: number): number {
  return Math.ceil(extent / Math.ceil(extent / limit));
}
