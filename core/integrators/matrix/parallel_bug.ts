import type { Algebra } from "../../algebra/mod.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import { assembleLowRank, type Directions } from "../../geometry/low_rank_tangent.ts";
import { advance, collectMoments, increments } from "../flows.ts";
import type { StepOptions, StepResult } from "../types.ts";
import { kFlow, lFlow, sFlow } from "./flows.ts";
import { transportSlots } from "./transport.ts";
import { truncate } from "./truncation.ts";
import type { Integrator, Point } from "./types.ts";

/**
 * Parallel basis update and Galerkin integrator: K, L and S all start from the old factors, the
 * core of the augmented bases is put together from the three results (Ceruti, Kusch, Lubich: A
 * parallel rank-adaptive integrator for dynamical low-rank approximation, SISC 2024).
 *
 * With one Euler or optimizer step for each factor it is GeoLoRA, from a single gradient: before
 * truncation Y₁ = Y₀ + dt P(Y₀) F(Y₀), Riemannian gradient descent (Schotthöfer, Zangrando, Ceruti,
 * Tudisco, Kusch: GeoLoRA, ICLR 2025).
 */
export const parallelBug: Integrator = {
  name: "parallel-bug",
  description: "rank-adaptive: K, L and S in parallel from the old factors, truncation",
  order: 1,
  evaluations: 1,
  adaptive: true,
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    return yield* parallelStep(a, y, f, dt, o, a.cols(y.u));
  },
};

/**
 * The parallel step once F is known at its start.
 *
 * @param y Start, orthonormal bases; the core may be of any shape and rank.
 * @param f F there.
 * @param rank Rank of the old point, for truncation rules that ask.
 * @param only What of K and L augments the bases; default: all.
 */
export async function* parallelStep<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  f: FieldAt<M>,
  dt: number,
  o: StepOptions<M>,
  rank: number,
  only?: Directions<M>,
): AsyncGenerator<Point<M>, StepResult<M>, FieldAt<M>> {
  const k = yield* advance(a, increments(a, kFlow(a, y, f)), dt, o);
  const l = yield* advance(a, increments(a, lFlow(a, y, f)), dt, o);
  const s = yield* advance(a, sFlow(y, f), dt, o);
  const moved = { k: k.value, l: l.value, s: s.value };
  const t = await truncate(a, await assembleLowRank(a, y, moved, only), o.truncation, rank);
  return {
    y: t.y,
    moments: await transportSlots(a, o, collectMoments({ k, l, s }), y, t.y),
    singularValues: t.singularValues,
    discarded: t.discarded,
  };
}
