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
import { hasScales, type MomentSlots, type Stepping, tangentAlone, tangentIn } from "../memory.ts";
import { transportMoments } from "../transport.ts";

/**
 * Carries the moments of all factors from one point to another.
 *
 * Where the tangent entries of K, L and S are all there they represent the tangent vector
 * ξ = dK Vᵀ + U dLᵀ − U dS Vᵀ, and its orthogonal projection onto the tangent space at the new
 * point is returned: O((m + n) r²), also when the rank changes. Otherwise, and where there are
 * other matrices beside them, each factor is carried by the change of its own coordinates.
 *
 * @param slots States at `from`: "k" m×r, "l" n×r, "s" r×r.
 * @param from Old point, orthonormal bases.
 * @param to New point, orthonormal bases.
 */
export async function transportSlots<M>(
  a: Algebra<M>,
  o: Stepping,
  slots: MomentSlots<M>,
  from: LowRank<M>,
  to: LowRank<M>,
): Promise<MomentSlots<M>> {
  const [k, l, s] = [slots.k, slots.l, slots.s].map((state) => tangentIn(o, state));
  // Second moments vanish where the gradient does (inputs that are always zero); the projection
  // would put first moments there, and m / √v explodes.
  const scaled = Object.values(slots).some((state) => hasScales(o, state));
  if (!k || !l || !s || scaled) return transportEach(a, o, slots, from, to);
  const xi = factorsLowRank(a, from, { k, l, s });
  const moved = await projectFactors(a, to, factoredField(a, xi));
  return {
    k: tangentAlone(o, slots.k!, moved.k),
    l: tangentAlone(o, slots.l!, moved.l),
    s: tangentAlone(o, slots.s!, moved.s),
  };
}

function transportEach<M>(
  a: Algebra<M>,
  o: Stepping,
  { k, l, s }: MomentSlots<M>,
  from: LowRank<M>,
  to: LowRank<M>,
): MomentSlots<M> {
  if (!k && !l && !s) return {};
  const [left, right] = [gram(a, to.u, from.u), gram(a, from.v, to.v)];
  return {
    ...(k ? { k: transportMoments(a, o, k, undefined, right) } : {}),
    ...(l ? { l: transportMoments(a, o, l, undefined, a.transpose(left)) } : {}),
    ...(s ? { s: transportMoments(a, o, s, left, right) } : {}),
  };
}
