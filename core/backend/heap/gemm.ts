/**
 * The matrix product on a heap, as kernels call it.
 *
 * @module
 */

/**
 * C = op(A) op(B), or C += op(A) op(B), on row-major float32 matrices at byte addresses of the heap.
 *
 * @param transA Whether op(A) = Aᵀ.
 * @param transB Whether op(B) = Bᵀ.
 * @param m Rows of C.
 * @param n Columns of C.
 * @param k Inner extent.
 * @param a Address of A.
 * @param lda Elements from one stored row of A to the next.
 * @param b Address of B.
 * @param ldb Elements from one stored row of B to the next.
 * @param c Address of C.
 * @param ldc Elements from one row of C to the next.
 * @param accumulate Whether to add to C.
 */
export type Gemm = (
  transA: boolean,
  transB: boolean,
  m: number,
  n: number,
  k: number,
  a: number,
  lda: number,
  b: number,
  ldb: number,
  c: number,
  ldc: number,
  accumulate: boolean,
) => void;
