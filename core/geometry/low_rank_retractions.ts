/**
 * Retractions on the manifold of rank-r matrices with the embedded metric.
 *
 * All three that come with the framework are of second order: each is Y + ξ + A S⁻¹ Bᵀ + O(‖ξ‖³),
 * and A S⁻¹ Bᵀ, the second fundamental form, is normal to the manifold.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { type Plugin, Registry } from "../registry.ts";
import { factoredField } from "./fields/factored.ts";
import { type LowRank, truncateTo } from "./low_rank.ts";
import {
  assembleLowRank,
  type LowRankTangent,
  projectLowRank,
  tangentFactors,
} from "./low_rank_tangent.ts";
import { difference, gram, inverse, sum } from "./matrices.ts";

/** A retraction on rank-r matrices. */
export interface LowRankRetraction extends Plugin {
  /** How far it follows the geodesic of the embedded metric: 1 or 2. */
  readonly order: number;
  /**
   * R(y, ξ), of the same rank.
   *
   * @param y Orthonormal bases, rank r.
   * @param xi Tangent at `y`.
   */
  retract<M>(a: Algebra<M>, y: LowRank<M>, xi: LowRankTangent<M>): Promise<LowRank<M>>;
}

/** Retractions of rank-r matrices by name. */
export const lowRankRetractions: Registry<LowRankRetraction> = new Registry("low-rank retraction");

/**
 * The best approximation of rank r to Y + ξ, from the SVD of a 2r×2r core: the metric projection,
 * of second order (Absil, Malick: Projection-like retractions on matrix manifolds, SIAM J. Optim.
 * 22(1), 2012). Defined for every ξ; small singular values do it no harm.
 */
export const svdRetraction: LowRankRetraction = lowRankRetractions.add({
  name: "svd",
  description: "best approximation of rank r to y + ξ",
  order: 2,
  async retract(a, y, xi) {
    const s = sum(a, y.s, xi.core);
    const wide = await assembleLowRank(a, y, { k: xi.left, l: xi.right, s });
    return (await truncateTo(a, wide, a.cols(y.u))).y;
  },
});

/**
 * One step of the projector-splitting integrator along ξ: U₁ U₁ᵀ (Y + ξ) with U₁ = orth((Y + ξ) V)
 * (Lubich, Oseledets: A projector-splitting integrator for dynamical low-rank approximation, BIT
 * 54, 2014; as a retraction: Absil, Oseledets: Low-rank retractions, Comput. Optim. Appl. 62, 2015).
 * Two QR factorisations, no SVD and no inverse.
 */
export const splittingRetraction: LowRankRetraction = lowRankRetractions.add({
  name: "splitting",
  description: "one step of projector splitting along ξ",
  order: 2,
  async retract(a, y, xi) {
    const { k } = tangentFactors(a, y, xi);
    const moved = sum(a, a.multiply(y.u, y.s), k);
    const u = await a.orthonormalize(moved);
    // (Y + ξ)ᵀ U₁ = V (U S + dK)ᵀ U₁ + B Uᵀ U₁
    const along = a.multiply(y.v, gram(a, moved, u));
    const l = sum(a, along, a.multiply(xi.right, gram(a, y.u, u)));
    const { q, r } = await a.qr(l);
    return { u, s: a.transpose(r), v: q };
  },
});

/**
 * Orthographic retraction: the matrix of rank r whose projection back onto the tangent space is
 * Y + ξ, namely (U(S + C) + A)(S + C)⁻¹((S + C)Vᵀ + Bᵀ) (Absil, Malick 2012). Its inverse is free,
 * ξ = P(Y)(X − Y): {@linkcode inverseOrthographic}. The one method here that divides by the core,
 * because it exists only where S + C is invertible.
 */
export const orthographicRetraction: LowRankRetraction = lowRankRetractions.add({
  name: "orthographic",
  description: "the matrix of rank r that projects back onto y + ξ; its inverse is a projection",
  order: 2,
  async retract(a, y, xi) {
    const s = sum(a, y.s, xi.core);
    const left = await a.qr(sum(a, a.multiply(y.u, s), xi.left));
    const right = await a.qr(sum(a, a.multiply(y.v, s, { transposeRight: true }), xi.right));
    const middle = a.multiply(left.r, await inverse(a, s, "retract orthographically"));
    return { u: left.q, s: a.multiply(middle, right.r, { transposeRight: true }), v: right.q };
  },
});

/**
 * The tangent vector ξ at `y` that {@linkcode orthographicRetraction} takes to `x`: P(Y)(X − Y),
 * O((m + n) r²).
 */
export async function inverseOrthographic<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  x: LowRank<M>,
): Promise<LowRankTangent<M>> {
  const { core, left, right } = await projectLowRank(a, y, factoredField(a, x));
  return { core: difference(a, core, y.s), left, right };
}
