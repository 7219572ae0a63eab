/**
 * Retractions on the manifold of tensors of fixed multilinear rank.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { type Plugin, Registry } from "../registry.ts";
import { roundTucker, type TuckerTensor } from "../tensors/mod.ts";
import { tangentTucker, type TuckerTangent } from "./tucker_tangent.ts";

/** A retraction on tensors in Tucker format. */
export interface TuckerRetraction extends Plugin {
  /** How far it follows the geodesic of the embedded metric: 1 or 2. */
  readonly order: number;
  /**
   * R(x, ξ), of the same ranks.
   *
   * @param x Orthonormal factors.
   * @param xi Tangent at `x`.
   */
  retract<M>(a: Algebra<M>, x: TuckerTensor<M>, xi: TuckerTangent<M>): Promise<TuckerTensor<M>>;
}

/** Retractions of tensors in Tucker format by name. */
export const tuckerRetractions: Registry<TuckerRetraction> = new Registry("Tucker retraction");

/**
 * The sequentially truncated higher-order SVD of X + ξ, from a core of twice the ranks (for the
 * plain one: Kressner, Steinlechner, Vandereycken: Low-rank tensor completion by Riemannian
 * optimization, BIT 54, 2014, proposition 2.3). Quasi-optimal, defined for every ξ, without an
 * inverse of the core.
 *
 * It is of second order: truncation keeps points of the manifold and has the tangent projection as
 * its derivative there, and X + t ξ differs from the geodesic by a normal vector and O(t³).
 */
export const hosvdRetraction: TuckerRetraction = tuckerRetractions.add({
  name: "st-hosvd",
  description: "sequentially truncated higher-order SVD of x + ξ",
  order: 2,
  async retract(a, x, xi) {
    const ranks = x.core.shape;
    const sum = await tangentTucker(a, x, xi, 1);
    return (await roundTucker(a, sum, { minRanks: ranks, maxRanks: ranks })).tucker;
  },
});
