/**
 * Making and reading factorised matrices.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";

/** A factorised matrix Y = U S Vᵀ. */
export interface LowRank<M> {
  /** Left basis, m×r; orthonormal columns between steps. */
  readonly u: M;
  /** Core, r×r. */
  readonly s: M;
  /** Right basis, n×r; orthonormal columns between steps. */
  readonly v: M;
}

/** Rank, the number of columns of the bases. */
export function rankOf<M>(a: Algebra<M>, y: LowRank<M>): number {
  return a.cols(y.u);
}

/** U S Vᵀ as an m×n matrix: for tests, reports and small problems. */
export function toDense<M>(a: Algebra<M>, y: LowRank<M>): M {
  return a.multiply(a.multiply(y.u, y.s), y.v, { transposeRight: true });
}

/**
 * Best rank-r approximation of a matrix, by its SVD.
 *
 * @param w m×n.
 * @param rank Between 1 and min(m, n).
 */
export async function lowRankOf<M>(a: Algebra<M>, w: M, rank: number): Promise<LowRank<M>> {
  const { p, sigma, q } = await a.svd(w);
  const kept = a.diagonal(sigma.slice(0, rank));
  return { u: a.columns(p, 0, rank), s: kept, v: a.columns(q, 0, rank) };
}

/**
 * The largest deviation of QᵀQ from the identity, element by element.
 *
 * @param q m×r.
 */
export async function orthogonalityDefect<M>(a: Algebra<M>, q: M): Promise<number> {
  const n = a.cols(q);
  const gram = await a.read(a.multiply(q, q, { transposeLeft: true }));
  return gram.reduce((worst, g, i) => Math.max(worst, Math.abs(g - (i % (n + 1) ? 0 : 1))), 0);
}
