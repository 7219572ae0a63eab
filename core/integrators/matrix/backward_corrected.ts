import type { Algebra } from "../../algebra/mod.ts";
import { beside, type LowRank, type Truncated } from "../../geometry/low_rank.ts";
import { advance, newDirections } from "../flows.ts";
import {
  hasScales,
  type MomentSlots,
  type RuleState,
  type Stepping,
  tangentAlone,
  tangentIn,
  withTangent,
} from "../memory.ts";
import { embed, embedMoments, transportMoments } from "../transport.ts";
import { kFlow, lFlow } from "./flows.ts";
import { moveK, moveL } from "./splitting.ts";
import { truncate } from "./truncation.ts";
import type { Integrator } from "./types.ts";

/**
 * Projector splitting with a projection in place of its backward substep: after K the old core is
 * taken to the new basis, S = U₁ᵀ U₀ S₀, and L moves from there (the method without augmentation
 * of Schotthöfer, Kusch: An augmented backward-corrected projector splitting integrator for
 * dynamical low-rank training, 2025).
 */
export const backwardCorrectedPsi: Integrator = {
  name: "bc-psi",
  description: "projector splitting of fixed rank, its backward substep replaced by a projection",
  order: 1,
  evaluations: 2,
  adaptive: false,
  async *step(a, y, dt, o) {
    const known = yield { ...y, time: 0 };
    const { y: { u }, moments } = yield* moveK(a, { y, moments: o.moments ?? {} }, o, {
      dt,
      known,
    });
    const s = a.multiply(a.multiply(u, y.u, { transposeLeft: true }), y.s);
    const end = yield* moveL(a, { y: { u, s, v: y.v }, moments }, o, { dt });
    return { ...end, discarded: 0 };
  },
};

/**
 * Augmented backward-corrected projector splitting: the left basis is augmented by the direction of
 * K, in which the old matrix is Û L₀ᵀ exactly; L moves from there and an SVD truncates. Before
 * truncation one Euler step is Y₁ = Y₀ + dt Û Ûᵀ F(Y₀), from one evaluation of F.
 *
 * Momentum lives on L in the coordinates of Û; its part along the new left basis is kept as the
 * factor "k", which points the next augmentation.
 */
export const augmentedBackwardCorrectedPsi: Integrator = {
  name: "abc-psi",
  description: "rank-adaptive: left basis augmented by K, L-step in it, truncation",
  order: 1,
  evaluations: 1,
  adaptive: true,
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    const k = yield* advance(a, newDirections(a, kFlow(a, y, f)), dt, o);
    const newU = await a.complement(y.u, k.value);
    const u = beside(a, y.u, newU);
    const lifted = { u, s: embed(a, y.s, a.cols(u), a.cols(y.v)), v: y.v };
    const moments = liftMoments(a, o, o.moments ?? {}, y, newU);
    const l = yield* advance(a, lFlow(a, lifted, f), dt, o, moments);
    const v = await a.orthonormalize(l.value);
    const s = a.multiply(l.value, v, { transposeLeft: true });
    const t = await truncate(a, { u, s, v }, o.truncation, a.cols(y.u));
    return {
      y: t.y,
      moments: lowerMoments(a, o, l.moments, u, t),
      singularValues: t.singularValues,
      discarded: t.discarded,
    };
  },
};

/** Moments of L in the coordinates of [U | Ũ]: the tangent vector gives ξᵀ [U | Ũ] = [dL | V dKᵀ Ũ]. */
function liftMoments<M>(
  a: Algebra<M>,
  o: Stepping,
  { k, l }: MomentSlots<M>,
  y: LowRank<M>,
  newU: M | undefined,
): MomentSlots<M> {
  if (!l || newU === undefined) return l ? { l } : {};
  const wide = embedMoments(a, o, l, a.rows(y.v), a.cols(y.u) + a.cols(newU));
  // Second moments vanish in rows whose gradient does (dead outputs); first moments put there from
  // across would explode as m / √v.
  const [left, right] = [k, l].map((state) => tangentIn(o, state));
  if (!right || !left || hasScales(o, l)) return { l: wide };
  const across = a.multiply(y.v, a.multiply(left, newU, { transposeLeft: true }));
  return { l: withTangent(o, wide, a.hstack([right, across])) };
}

/** Moments Û mᵀ of the whole matrix, along the truncated bases. */
function lowerMoments<M>(
  a: Algebra<M>,
  o: Stepping,
  m: RuleState<M> | undefined,
  u: M,
  t: Truncated<M>,
): MomentSlots<M> {
  if (!m) return {};
  const l = transportMoments(a, o, m, undefined, t.left);
  const right = tangentIn(o, m);
  if (!right) return { l };
  const left = a.multiply(u, a.multiply(right, t.y.v, { transposeLeft: true }));
  return { l, k: tangentAlone(o, m, left) };
}
