import type { Algebra } from "../../algebra/mod.ts";
import { factoredField, type FieldAt, sumField } from "../../geometry/fields/mod.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import { factorsLowRank, projectFactors } from "../../geometry/low_rank_tangent.ts";
import { advance, newDirections } from "../flows.ts";
import type { MomentSlots } from "../memory.ts";
import { heunTableau, type Tableau } from "../runge_kutta.ts";
import type { Advanced, StepOptions, SubFlow } from "../types.ts";
import {
  augment,
  type Augmented,
  augmentedFlow,
  liftMoments,
  truncatedResult,
} from "./augmentation.ts";
import { kFlow, lFlow } from "./flows.ts";
import { truncate } from "./truncation.ts";
import type { Integrator } from "./types.ts";

/**
 * Makes a projected Runge-Kutta method: each stage is projected onto the tangent space at its own
 * point, sums of stages go back to the manifold by truncated SVD, the metric projection (Kieri,
 * Vandereycken: Projection methods for dynamical low-rank approximation of high-dimensional
 * problems, Comput. Methods Appl. Math. 2019).
 *
 * All sums stay factorised, in bases of (s + 1) r columns for s stages. The method brings its own
 * tableau: the stepper sees the weighted mean of the projected stages as one field that does not
 * change, so Runge-Kutta steppers add nothing and an optimizer takes it for the gradient.
 *
 * @param name Registry name.
 * @param description One line.
 * @param order Order of the tableau.
 * @param tableau Explicit coefficients.
 */
export function projectionMethod(
  name: string,
  description: string,
  order: number,
  tableau: Tableau,
): Integrator {
  return {
    name,
    description,
    order,
    evaluations: tableau.b.length,
    adaptive: true,
    async *step(a, y, dt, o) {
      const rank = a.cols(y.u);
      let wide: Augmented<typeof y.u> = { ...y, left: [y.u], right: [y.v] };
      const slopes: FieldAt<typeof y.u>[] = [];
      for (const [i, row] of tableau.a.entries()) {
        const at = i === 0 ? y : await stage(a, wide, sumField(a, slopes, row), dt, o, rank);
        const f = yield { ...at, time: tableau.c[i]! * dt };
        const slope = await projectFactors(a, at, f);
        slopes.push(factoredField(a, factorsLowRank(a, at, slope)));
        const moments = i === 0 ? o.moments : undefined;
        const k = await direction(a, kFlow(a, at, f), slope.k, dt, o, moments);
        const l = await direction(a, lFlow(a, at, f), slope.l, dt, o, moments);
        wide = await augment(a, wide, k, l);
      }
      const flow = augmentedFlow(a, wide, sumField(a, slopes, tableau.b));
      const s = await frozen(a, flow, dt, o, liftMoments(a, o, o.moments, rank, wide));
      return await truncatedResult(a, { ...wide, s: s.value }, s.moments, o, rank);
    },
  };
}

/** The projected Runge-Kutta method of Heun: the classical baseline of order two. */
export const projectedRungeKutta: Integrator = projectionMethod(
  "projected-runge-kutta",
  "rank-adaptive, order 2: Heun with tangent projection of stages and SVD retraction",
  2,
  heunTableau,
);

/** The point of a stage: Y₀ + dt G taken back to the manifold; `wide` spans it. */
async function stage<M>(
  a: Algebra<M>,
  wide: Augmented<M>,
  g: FieldAt<M>,
  dt: number,
  o: StepOptions<M>,
  rank: number,
): Promise<LowRank<M>> {
  const { u, s, v } = wide;
  const moved = { u, s: a.lincomb(1, s, dt, await g.galerkin(u, v)), v };
  return (await truncate(a, moved, o.truncation, rank)).y;
}

/**
 * The directions that a K- or L-flow adds to a basis, without further evaluations.
 *
 * @param slope The part of F that moves the factor.
 */
async function direction<M>(
  a: Algebra<M>,
  flow: SubFlow<M>,
  slope: M,
  dt: number,
  o: StepOptions<M>,
  moments: MomentSlots<M> | undefined,
): Promise<M> {
  const frozenFlow = { ...newDirections(a, flow), project: () => slope };
  return (await frozen(a, frozenFlow, dt, o, moments ?? {})).value;
}

/** Advances a flow whose field stays as it is known at the start. */
async function frozen<M>(
  a: Algebra<M>,
  flow: SubFlow<M>,
  dt: number,
  o: StepOptions<M>,
  moments: MomentSlots<M>,
): Promise<Advanced<M>> {
  const run = advance(a, flow, dt, o, moments);
  let state = await run.next();
  while (!state.done) state = await run.next(flow.known!);
  return state.value;
}
