/**
 * The rotation that takes one orthonormal frame to another and moves nothing else.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { difference, gram, inverse, polarFactor, sum } from "./matrices.ts";

/**
 * R Z for the rotation R with R U = W that leaves everything orthogonal to both frames as it is:
 *
 *   R = (I − B D⁻¹ Bᵀ)(I − 2 U Uᵀ),  B = U + W,  D = I + Wᵀ U = Bᵀ U.
 *
 * The first factor is orthogonal because BᵀB = D + Dᵀ, the second is a reflection, and the first
 * takes U to −W. O(n p (p + k)).
 *
 * @param u Orthonormal columns, n×p.
 * @param w Orthonormal columns, n×p.
 * @param z n×k.
 * @throws {RangeError} When D is singular: a direction of U is turned around.
 */
export async function rotate<M>(a: Algebra<M>, u: M, w: M, z: M): Promise<M> {
  const b = sum(a, u, w);
  const d = await inverse(a, gram(a, b, u), "rotate one frame onto the other");
  const mirrored = a.lincomb(1, z, -2, a.multiply(u, gram(a, u, z)));
  return difference(a, mirrored, a.multiply(b, a.multiply(d, gram(a, b, mirrored))));
}

/**
 * The orthogonal O for which W = Y O is the frame of span(Y) nearest to U: then UᵀW is symmetric
 * and positive, and {@linkcode rotate} is the shortest rotation of span(U) onto span(Y).
 */
export function alignment<M>(a: Algebra<M>, u: M, y: M): Promise<M> {
  return polarFactor(a, gram(a, y, u));
}
