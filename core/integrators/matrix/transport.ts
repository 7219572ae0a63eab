/**
 * Carrying the moments of all factors from one factorised matrix to another.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import { factoredField } from "../../geometry/fields/factored.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import { factorsLowRank, projectFactors } from "../../geometry/low_rank_tangent.ts";
import { gram } from "../../geometry/matrices.ts";
import { transportMoments } from "../transport.ts";
import type { MomentSlots } from "../types.ts";

/**
 * Carries the moments of all factors from one point to another.
 *
 * Where the first moments of K, L and S are all there they represent the tangent vector
 * ξ = dK Vᵀ + U dLᵀ − U dS Vᵀ, and its orthogonal projection onto the tangent space at the new
 * point is returned: O((m + n) r²), also when the rank changes. Otherwise, and where there are
 * second moments, each factor is carried by the change of its own coordinates.
 *
 * @param slots Moments at `from`: "k" m×r, "l" n×r, "s" r×r.
 * @param from Old point, orthonormal bases.
 * @param to New point, orthonormal bases.
 */
export async function transportSlots<M>(
  a: Algebra<M>,
  slots: MomentSlots<M>,
  from: LowRank<M>,
  to: LowRank<M>,
): Promise<MomentSlots<M>> {
  const { k, l, s } = slots;
  // Second moments vanish where the gradient does (inputs that are always zero); the projection
  // would put first moments there, and m / √v explodes.
  const tangent = k?.first && l?.first && s?.first && !k.second && !l.second && !s.second;
  if (!tangent) return transportEach(a, slots, from, to);
  const xi = factorsLowRank(a, from, { k: k.first, l: l.first, s: s.first });
  const moved = await projectFactors(a, to, factoredField(a, xi));
  return {
    k: { count: k.count, first: moved.k },
    l: { count: l.count, first: moved.l },
    s: { count: s.count, first: moved.s },
  };
}

function transportEach<M>(
  a: Algebra<M>,
  { k, l, s }: MomentSlots<M>,
  from: LowRank<M>,
  to: LowRank<M>,
): MomentSlots<M> {
  if (!k && !l && !s) return {};
  const [left, right] = [gram(a, to.u, from.u), gram(a, from.v, to.v)];
  return {
    ...(k ? { k: transportMoments(a, k, undefined, right) } : {}),
    ...(l ? { l: transportMoments(a, l, undefined, a.transpose(left)) } : {}),
    ...(s ? { s: transportMoments(a, s, left, right) } : {}),
  };
}
