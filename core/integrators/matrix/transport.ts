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
import {
  hasScales,
  type MomentSlots,
  type RuleState,
  type Stepping,
  tangentAlone,
  tangentIn,
} from "../memory.ts";
import { transportMoments, variancesBy } from "../transport.ts";

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
  if (!k || !l || !s || scaled) return await transportEach(a, o, slots, from, to, scaled);
  const xi = factorsLowRank(a, from, { k, l, s });
  const moved = await projectFactors(a, to, factoredField(a, xi));
  return {
    k: tangentAlone(o, slots.k!, moved.k),
    l: tangentAlone(o, slots.l!, moved.l),
    s: tangentAlone(o, slots.s!, moved.s),
  };
}

async function transportEach<M>(
  a: Algebra<M>,
  o: Stepping,
  { k, l, s }: MomentSlots<M>,
  from: LowRank<M>,
  to: LowRank<M>,
  scaled: boolean,
): Promise<MomentSlots<M>> {
  if (!k && !l && !s) return {};
  const turn = async (after: M, before: M) => {
    const by = gram(a, after, before);
    return { by, shares: scaled ? await variancesBy(a, by) : a.square(by) };
  };
  const [left, right] = [await turn(to.u, from.u), await turn(to.v, from.v)];
  const carry = (state: RuleState<M>, rows: typeof left | undefined, columns: typeof left) => {
    const back = { by: a.transpose(columns.by), shares: a.transpose(columns.shares) };
    const shares = { left: rows?.shares, right: back.shares };
    return transportMoments(a, o, state, rows?.by, back.by, shares);
  };
  return {
    ...(k ? { k: carry(k, undefined, right) } : {}),
    ...(l ? { l: carry(l, undefined, left) } : {}),
    ...(s ? { s: carry(s, left, right) } : {}),
  };
}
