import type { Algebra } from "../../algebra/mod.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import { type LowRank, truncateCore } from "../../geometry/low_rank.ts";
import type { Directions } from "../../geometry/low_rank_tangent.ts";
import { advance } from "../flows.ts";
import { hasScales, type MomentSlots, type Stepping } from "../memory.ts";
import { embedMoments } from "../transport.ts";
import type { StepOptions } from "../types.ts";
import { augment } from "./augmentation.ts";
import { sFlow } from "./flows.ts";
import { parallelStep } from "./parallel_bug.ts";
import { transportSlots } from "./transport.ts";
import type { Integrator, Point } from "./types.ts";

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
    const wide = await augment(a, y, await f.times(y.v), await f.adjointTimes(y.u));
    const moments = await widen(a, o, o.moments ?? {}, y, wide);
    return yield* parallelStep(a, wide, f, dt, { ...o, moments }, a.cols(y.u));
  },
};

/**
 * The cheaper variant of {@linkcode secondOrderParallelBug}: of what K and L lead to in the wide
 * bases only the part along the bases of the middle is added, so that the core has 3r dimensions.
 * The middle is that of the S-flow, cut to the rank of the start; one Euler step is of the form
 * Y₀ + dt (Pᵤ F P̂ᵥ + P̂ᵤ F Pᵥ − P̂ᵤ F P̂ᵥ) with projections on the final (P) and the wide (P̂) bases.
 */
export const secondOrderParallelBug3r: Integrator = {
  ...secondOrderParallelBug,
  name: "second-order-parallel-bug-3r",
  description: "rank-adaptive, order 2: second-order-parallel-bug along midpoint bases, 3r bases",
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    const wide = await augment(a, y, await f.times(y.v), await f.adjointTimes(y.u));
    const within = { ...o, moments: await widen(a, o, o.moments ?? {}, y, wide) };
    const rank = a.cols(y.u);
    const only = yield* middleBases(a, wide, f, dt, within, rank);
    return yield* parallelStep(a, wide, f, dt, within, rank, only);
  },
};

/** The leading singular vectors of the core in the middle of its flow. */
async function* middleBases<M>(
  a: Algebra<M>,
  wide: LowRank<M>,
  f: FieldAt<M>,
  dt: number,
  o: StepOptions<M>,
  rank: number,
): AsyncGenerator<Point<M>, Directions<M>, FieldAt<M>> {
  const { value } = yield* advance(a, sFlow(wide, f), dt / 2, o);
  return await truncateCore(a, value, rank);
}

/** Moments at the same point in augmented bases. */
async function widen<M>(
  a: Algebra<M>,
  o: Stepping,
  slots: MomentSlots<M>,
  from: LowRank<M>,
  to: LowRank<M>,
): Promise<MomentSlots<M>> {
  const { k, l, s } = slots;
  if (!k || !l || !s) return {};
  const scaled = [k, l, s].some((state) => hasScales(o, state));
  if (!scaled) return await transportSlots(a, o, slots, from, to);
  const [p, q] = [a.cols(to.u), a.cols(to.v)];
  return {
    k: embedMoments(a, o, k, a.rows(from.u), q),
    l: embedMoments(a, o, l, a.rows(from.v), p),
    s: embedMoments(a, o, s, p, q),
  };
}
