/**
 * Tangent vectors of the manifold of rank-r matrices.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { FieldAt } from "./fields/types.ts";
import { beside, type LowRank } from "./low_rank.ts";
import { difference, gram, innerProduct, outside, sum } from "./matrices.ts";

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
    left: outside(a, y.u, k),
    right: outside(a, y.v, l),
  };
}

/**
 * dK = Z V, dL = Zᵀ U and dS = Uᵀ Z V of the projection of Z onto the tangent space at Y:
 * P(Y) Z = U Uᵀ Z + Z V Vᵀ − U Uᵀ Z V Vᵀ = dK Vᵀ + U dLᵀ − U dS Vᵀ, without an m×m or n×n matrix.
 *
 * @param y Base point, orthonormal bases.
 * @param z Any m×n matrix as an operator, asked for Z V and Zᵀ U once each.
 */
export async function projectFactors<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  z: FieldAt<M>,
): Promise<TangentFactors<M>> {
  const k = await z.times(y.v);
  return { k, l: await z.adjointTimes(y.u), s: gram(a, y.u, k) };
}

/**
 * Projects Z onto the tangent space at Y, in the coordinates of {@linkcode LowRankTangent}:
 * O((m + n) r²) beyond Z V and Zᵀ U.
 *
 * @param y Base point, orthonormal bases.
 * @param z Any m×n matrix as an operator; `denseField` makes one of a dense matrix.
 */
export async function projectLowRank<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  z: FieldAt<M>,
): Promise<LowRankTangent<M>> {
  return tangentOf(a, y, await projectFactors(a, y, z));
}

/** A tangent vector at `y` as a factorised matrix of twice the rank; its bases are not orthonormal. */
export function tangentLowRank<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  xi: LowRankTangent<M>,
): LowRank<M> {
  const { k } = tangentFactors(a, y, xi);
  return stacked(a, k, y, xi.right);
}

/** dK Vᵀ + U dLᵀ − U dS Vᵀ as a factorised matrix; its bases are not orthonormal. */
export function factorsLowRank<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  { k, l, s }: TangentFactors<M>,
): LowRank<M> {
  return stacked(a, difference(a, k, a.multiply(y.u, s)), y, l);
}

/** X Vᵀ + U Zᵀ. */
function stacked<M>(a: Algebra<M>, x: M, { u, v }: LowRank<M>, z: M): LowRank<M> {
  const left = a.hstack([x, u]);
  return { u: left, s: a.identity(a.cols(left)), v: a.hstack([v, z]) };
}

/**
 * Y moved along the tangent space, in orthonormal bases [U | Ũ] and [V | Ṽ]:
 * U S Vᵀ + (I − U Uᵀ) K Vᵀ + U Lᵀ (I − V Vᵀ), whose core is [[S, Lᵀ Ṽ], [Ũᵀ K, 0]].
 *
 * @param y Where K, L and S come from, orthonormal bases.
 * @param only Coordinates of the directions of K and L that enter Ũ and Ṽ; default: all.
 */
export async function assembleLowRank<M>(
  a: Algebra<M>,
  { u, v }: LowRank<M>,
  { k, l, s }: TangentFactors<M>,
  only?: Directions<M>,
): Promise<LowRank<M>> {
  const newU = await a.complement(u, only ? await directions(a, u, k, only.right) : k);
  const newV = await a.complement(v, only ? await directions(a, v, l, only.left) : l);
  const right = newV === undefined ? [] : [gram(a, l, newV)];
  const corner = newU && newV ? [a.zeros(a.cols(newU), a.cols(newV))] : [];
  const below = newU === undefined ? [] : [a.hstack([gram(a, newU, k), ...corner])];
  const core = a.vstack([a.hstack([s, ...right]), ...below]);
  return { u: beside(a, u, newU), s: core, v: beside(a, v, newV) };
}

/**
 * What X B adds to span(U), by columns of X outside of it. A column that lies inside but for rounding
 * counts as inside: the sum may give it a large weight beside small ones of the others.
 */
async function directions<M>(a: Algebra<M>, u: M, x: M, b: M): Promise<M> {
  const rest = outside(a, u, x);
  const squares = async (y: M): Promise<Float64Array> =>
    (await a.read(gram(a, y, y))).filter((_, i) => i % (a.cols(y) + 1) === 0);
  const [before, after] = [await squares(x), await squares(rest)];
  const share = (64 * a.epsilon) ** 2;
  const counts = a.diagonal(after.map((square, j) => square > share * before[j]! ? 1 : 0));
  return a.multiply(rest, a.multiply(counts, b));
}

/** Coordinates of the directions along which K and L augment the bases. */
export interface Directions<M> {
  /** Columns in the left coordinates: L times these are added on the right. */
  readonly left: M;
  /** Columns in the right coordinates: K times these are added on the left. */
  readonly right: M;
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
