import type { Algebra } from "../../algebra/mod.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import { advance, newDirections } from "../flows.ts";
import type { StepOptions } from "../types.ts";
import {
  augment,
  type Augmented,
  augmentedFlow,
  galerkinStep,
  liftMoments,
} from "./augmentation.ts";
import { kFlow, lFlow } from "./flows.ts";
import { truncate } from "./truncation.ts";
import type { Integrator, Point } from "./types.ts";

/**
 * Midpoint basis update and Galerkin integrator: an augmented step to the middle gives the bases
 * that, with the directions of F there, serve a Galerkin step over the whole of dt (Ceruti,
 * Einkemmer, Kusch, Lubich: A robust second-order low-rank BUG integrator based on the midpoint
 * rule, BIT 2024). Of order two with steppers of order two; the core moves in 4r dimensions.
 */
export const midpointBug: Integrator = {
  name: "midpoint-bug",
  description: "rank-adaptive, order 2: Galerkin step in 4r bases of the start and the middle",
  order: 2,
  evaluations: 2,
  adaptive: true,
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    const { lifted, middle } = yield* halfStep(a, y, f, dt, o);
    const g = yield { ...middle, time: dt / 2 };
    const wide = await augment(a, lifted, await g.times(middle.v), await g.adjointTimes(middle.u));
    return yield* galerkinStep(a, a.cols(y.u), wide, f, dt, o);
  },
};

/**
 * The cheaper variant of {@linkcode midpointBug}: the half step is truncated to the rank of the
 * start, so that the core moves in 3r dimensions.
 */
export const midpointBug3r: Integrator = {
  ...midpointBug,
  name: "midpoint-bug-3r",
  description: "rank-adaptive, order 2: midpoint-bug with a truncated half step, 3r bases",
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    const { middle } = yield* halfStep(a, y, f, dt, o);
    const rank = a.cols(y.u);
    const { minRank = 1 } = o.truncation;
    const cap = { ...o.truncation, minRank: Math.min(minRank, rank), maxRank: rank };
    const { y: low } = await truncate(a, middle, cap, rank);
    const g = yield { ...low, time: dt / 2 };
    const k = a.hstack([low.u, await g.times(low.v)]);
    const l = a.hstack([low.v, await g.adjointTimes(low.u)]);
    return yield* galerkinStep(a, rank, await augment(a, y, k, l), f, dt, o);
  },
};

/** The start in augmented bases, and an augmented step without truncation to the middle. */
async function* halfStep<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  f: FieldAt<M>,
  dt: number,
  o: StepOptions<M>,
): AsyncGenerator<Point<M>, { lifted: Augmented<M>; middle: LowRank<M> }, FieldAt<M>> {
  const k = yield* advance(a, newDirections(a, kFlow(a, y, f)), dt / 2, o);
  const l = yield* advance(a, newDirections(a, lFlow(a, y, f)), dt / 2, o);
  const lifted = await augment(a, y, k.value, l.value);
  const core = liftMoments(a, o, o.moments, a.cols(y.u), lifted);
  const s = yield* advance(a, augmentedFlow(a, lifted, f), dt / 2, o, core);
  return { lifted, middle: { u: lifted.u, s: s.value, v: lifted.v } };
}
