/**
 * Tangent vectors of the manifold of rank-r matrices.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { FieldAt } from "./fields/types.ts";
import type { LowRank } from "./low_rank.ts";
import { difference, gram, innerProduct, sum } from "./matrices.ts";

/**
 * A tangent vector at Y = U S Vᵀ, ξ = U C Vᵀ + A Vᵀ + U Bᵀ with Uᵀ A = 0 and Vᵀ B = 0
 * (Vandereycken: Low-rank matrix completion by Riemannian optimization, SIAM J. Optim. 23(2), 2013).
 *
 * Its three parts are orthogonal to each other, so that inner products are plain sums without
 * cancellation and each vector has one set of coordinates; no inverse of S occurs. The factors of
 * the integrators, ξ = dK Vᵀ + U dLᵀ − U dS Vᵀ, overlap in their cores: {@linkcode tangentFactors}
 * and {@linkcode tangentOf} translate.
 */
export interface LowRankTangent<M> {
  /** C, r×r: the part inside both bases. */
  readonly core: M;
  /** A, m×r: columns that turn the left basis, orthogonal to U. */
  readonly left: M;
  /** B, n×r: columns that turn the right basis, orthogonal to V. */
  readonly right: M;
}

/** The factors by which integrators name a tangent vector, ξ = dK Vᵀ + U dLᵀ − U dS Vᵀ. */
export interface TangentFactors<M> {
  /** dK = ξ V, m×r. */
  readonly k: M;
  /** dL = ξᵀ U, n×r. */
  readonly l: M;
  /** dS = Uᵀ ξ V, r×r. */
  readonly s: M;
}

/** dK, dL and dS of a tangent vector at `y`. */
export function tangentFactors<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  xi: LowRankTangent<M>,
): TangentFactors<M> {
  return {
    k: sum(a, a.multiply(y.u, xi.core), xi.left),
    l: sum(a, a.multiply(y.v, xi.core, { transposeRight: true }), xi.right),
    s: xi.core,
  };
}

/** The tangent vector at `y` with the given dK, dL and dS. */
export function tangentOf<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  { k, l, s }: TangentFactors<M>,
): LowRankTangent<M> {
  return {
    core: s,
    left: difference(a, k, a.multiply(y.u, gram(a, y.u, k))),
    right: difference(a, l, a.multiply(y.v, gram(a, y.v, l))),
  };
}

/**
 * Projects Z onto the tangent space at Y: P(Y) Z = U Uᵀ Z + Z V Vᵀ − U Uᵀ Z V Vᵀ without an m×m or
 * n×n matrix. Z V and Zᵀ U are asked for once each; O((m + n) r²) beyond them.
 *
 * @param y Base point, orthonormal bases.
 * @param z Any m×n matrix as an operator; `denseField` makes one of a dense matrix.
 */
export function projectLowRank<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  z: FieldAt<M>,
): LowRankTangent<M> {
  const [k, l] = [z.times(y.v), z.adjointTimes(y.u)];
  return tangentOf(a, y, { k, l, s: gram(a, y.u, k) });
}

/** A tangent vector at `y` as an operator on thin matrices. */
export function tangentField<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  xi: LowRankTangent<M>,
): FieldAt<M> {
  const { k } = tangentFactors(a, y, xi);
  const times = (v: M): M =>
    sum(a, a.multiply(k, gram(a, y.v, v)), a.multiply(y.u, gram(a, xi.right, v)));
  const adjointTimes = (u: M): M =>
    sum(a, a.multiply(y.v, gram(a, k, u)), a.multiply(xi.right, gram(a, y.u, u)));
  return { times, adjointTimes, galerkin: (u, v) => gram(a, u, times(v)) };
}

/** ⟨ξ, η⟩ in the Frobenius inner product: O((m + n) r). */
export async function innerLowRank<M>(
  a: Algebra<M>,
  xi: LowRankTangent<M>,
  eta: LowRankTangent<M>,
): Promise<number> {
  return await innerProduct(a, xi.core, eta.core) +
    await innerProduct(a, xi.left, eta.left) + await innerProduct(a, xi.right, eta.right);
}

/** A linear map of all three parts. */
export function combineLowRank<M>(
  f: (x: M, y: M) => M,
  xi: LowRankTangent<M>,
  eta: LowRankTangent<M>,
): LowRankTangent<M> {
  return {
    core: f(xi.core, eta.core),
    left: f(xi.left, eta.left),
    right: f(xi.right, eta.right),
  };
}
