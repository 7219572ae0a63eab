/**
 * The matrix product on a heap, as kernels call it and as a piece of a job.
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

/** A product as numbers, for {@linkcode gemmPiece}. */
export function gemmNumbers(...product: Parameters<Gemm>): number[] {
  return product.map(Number);
}

/** Computes a product that {@linkcode gemmNumbers} describes. */
export function gemmPiece(
  { gemm }: { readonly gemm: Gemm },
  [ta, tb, m, n, k, a, lda, b, ldb, c, ldc, add]: readonly number[],
): void {
  gemm(ta === 1, tb === 1, m!, n!, k!, a!, lda!, b!, ldb!, c!, ldc!, add === 1);
}
