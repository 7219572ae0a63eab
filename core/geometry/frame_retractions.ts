/**
 * Retractions of matrices with orthonormal columns, for the Stiefel and the Grassmann manifold.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { type Plugin, Registry } from "../registry.ts";
import { gram, inverse, polarFactor, positiveQr, sum } from "./matrices.ts";
import type { Retraction } from "./types.ts";

/** A retraction on manifolds whose points are n×p matrices with orthonormal columns. */
export interface FrameRetraction extends Plugin {
  /** Its order by the name of the manifold; it is not offered on manifolds that are missing. */
  readonly orders: Readonly<Record<string, number>>;
  /**
   * R(x, ξ).
   *
   * @param x Orthonormal columns, n×p.
   * @param xi Tangent at `x`, n×p.
   */
  retract<M>(a: Algebra<M>, x: M, xi: M): Promise<M>;
}

/** Retractions of orthonormal frames by name. */
export const frameRetractions: Registry<FrameRetraction> = new Registry("frame retraction");

/**
 * The Q factor of X + ξ, with positive diagonal in R (Absil, Mahony, Sepulchre: Optimization
 * Algorithms on Matrix Manifolds, example 4.1.3). On the Grassmann manifold, where only the span
 * counts, it is of second order.
 */
export const qrRetraction: FrameRetraction = frameRetractions.add({
  name: "qr",
  description: "Q factor of x + ξ",
  orders: { stiefel: 1, "stiefel-canonical": 1, grassmann: 2 },
  retract: (a, x, xi) => positiveQr(a, sum(a, x, xi)),
});

/**
 * The polar factor of X + ξ, which is the nearest point; of second order in the Euclidean metric
 * (Absil, Malick: Projection-like retractions on matrix manifolds, SIAM J. Optim. 22(1), 2012).
 */
export const polarRetraction: FrameRetraction = frameRetractions.add({
  name: "polar",
  description: "nearest matrix with orthonormal columns to x + ξ",
  orders: { stiefel: 2, "stiefel-canonical": 1, grassmann: 2 },
  retract: (a, x, xi) => polarFactor(a, sum(a, x, xi)),
});

/**
 * The Cayley transform (I − W/2)⁻¹ (I + W/2) X of the skew-symmetric W with W X = ξ (Wen, Yin: A
 * feasible method for optimization with orthogonality constraints, Math. Program. 142, 2013). It
 * agrees to second order with exp(W) X, the geodesic of the canonical metric. W has rank 2p, so
 * that only a 2p×2p matrix is inverted.
 */
export const cayleyRetraction: FrameRetraction = frameRetractions.add({
  name: "cayley",
  description: "Cayley transform of the skew-symmetric matrix that takes x to ξ",
  orders: { stiefel: 1, "stiefel-canonical": 2, grassmann: 2 },
  async retract(a, x, xi) {
    // W = A Bᵀ with A = [H, X], B = [X, −H] and H = (I − X Xᵀ/2) ξ.
    const h = a.lincomb(1, xi, -0.5, a.multiply(x, gram(a, x, xi)));
    const [left, right] = [a.hstack([h, x]), a.hstack([x, a.scale(-1, h)])];
    const small = a.lincomb(1, a.identity(a.cols(left)), -0.5, gram(a, right, left));
    const solved = a.multiply(await inverse(a, small, "retract"), gram(a, right, x));
    return sum(a, x, a.multiply(left, solved));
  },
});

/** The retractions that know the manifold of that name, ready for an algebra. */
export function frameRetractionsFor<M>(a: Algebra<M>, manifold: string): Retraction<M, M>[] {
  return frameRetractions.list().flatMap((r) => {
    const order = r.orders[manifold];
    if (order === undefined) return [];
    return [{ name: r.name, order, retract: (x: M, xi: M) => r.retract(a, x, xi) }];
  });
}
