/**
 * Carrying the moments of all factors from one factorised matrix to another.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import { transportMoments } from "../transport.ts";
import type { Moments, MomentSlots } from "../types.ts";

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
export function transportSlots<M>(
  a: Algebra<M>,
  slots: MomentSlots<M>,
  from: LowRank<M>,
  to: LowRank<M>,
): MomentSlots<M> {
  if (Object.keys(slots).length === 0) return slots;
  const right = a.multiply(from.v, to.v, { transposeLeft: true });
  const left = a.multiply(to.u, from.u, { transposeLeft: true });
  const own = transportEach(a, slots, left, right);
  const { k, l, s } = slots;
  if (!k?.first || !l?.first || !s?.first) return own;
  // Second moments vanish where the gradient does (inputs that are always zero); the projection
  // would put first moments there, and m / √v explodes.
  if (k.second || l.second || s.second) return own;
  const tangent = projectTangent(a, { k: k.first, l: l.first, s: s.first }, from, to, left, right);
  return {
    ...own,
    k: { ...own.k!, first: tangent.k },
    l: { ...own.l!, first: tangent.l },
    s: { ...own.s!, first: tangent.s },
  };
}

function transportEach<M>(
  a: Algebra<M>,
  slots: MomentSlots<M>,
  left: M,
  right: M,
): MomentSlots<M> {
  const out: Record<string, Moments<M>> = {};
  if (slots.k) out.k = transportMoments(a, slots.k, undefined, right);
  if (slots.l) out.l = transportMoments(a, slots.l, undefined, a.transpose(left));
  if (slots.s) out.s = transportMoments(a, slots.s, left, right);
  return out;
}

/** ξ V₁, ξᵀ U₁ and U₁ᵀ ξ V₁ for ξ given by its three factors. */
function projectTangent<M>(
  a: Algebra<M>,
  xi: { k: M; l: M; s: M },
  from: LowRank<M>,
  to: LowRank<M>,
  left: M,
  right: M,
): { k: M; l: M; s: M } {
  const core = a.multiply(xi.s, right);
  const lv = a.multiply(xi.l, to.v, { transposeLeft: true });
  const k = add(a, a.multiply(xi.k, right), a.multiply(from.u, a.lincomb(1, lv, -1, core)));
  const ku = a.multiply(xi.k, to.u, { transposeLeft: true });
  const coreT = a.multiply(xi.s, left, { transposeLeft: true, transposeRight: true });
  const l = add(
    a,
    a.multiply(xi.l, left, { transposeRight: true }),
    a.multiply(from.v, a.lincomb(1, ku, -1, coreT)),
  );
  return { k, l, s: a.multiply(to.u, k, { transposeLeft: true }) };
}

function add<M>(a: Algebra<M>, x: M, y: M): M {
  return a.lincomb(1, x, 1, y);
}
