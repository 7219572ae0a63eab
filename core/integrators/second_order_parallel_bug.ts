import type { Algebra } from "../algebra/mod.ts";
import type { Integrator, LowRank, MomentSlots } from "./types.ts";
import { augment } from "./augmentation.ts";
import { parallelStep } from "./parallel_bug.ts";
import { embedMoments, transportSlots } from "./transport.ts";

/**
 * Second-order parallel integrator: the bases are augmented by F(Y₀) V and F(Y₀)ᵀ U before the
 * parallel step, whose core then has 4r dimensions (Kusch: Second-order robust parallel integrators
 * for dynamical low-rank approximation, 2024).
 *
 * One Euler step before truncation is Y₀ + dt P(Ŷ₀) F(Y₀), with the tangent projection at the
 * augmented bases; with steppers of order two it is of order two.
 */
export const secondOrderParallelBug: Integrator = {
  name: "second-order-parallel-bug",
  description: "rank-adaptive, order 2: parallel step from bases augmented by F, 4r bases",
  order: 2,
  evaluations: 1,
  adaptive: true,
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    const wide = await augment(a, y, f.times(y.v), f.adjointTimes(y.u));
    const moments = widen(a, o.moments ?? {}, y, wide);
    return yield* parallelStep(a, wide, f, dt, { ...o, moments }, a.cols(y.u));
  },
};

/** Moments at the same point in augmented bases; second moments are continued by their means. */
function widen<M>(
  a: Algebra<M>,
  slots: MomentSlots<M>,
  from: LowRank<M>,
  to: LowRank<M>,
): MomentSlots<M> {
  const { k, l, s } = slots;
  if (!k || !l || !s) return {};
  if (!k.second && !l.second && !s.second) return transportSlots(a, slots, from, to);
  const [p, q] = [a.cols(to.u), a.cols(to.v)];
  return {
    k: embedMoments(a, k, a.rows(from.u), q),
    l: embedMoments(a, l, a.rows(from.v), p),
    s: embedMoments(a, s, p, q),
  };
}
