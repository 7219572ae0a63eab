/**
 * What an integrator of dynamical low-rank approximation is: dY/dt = F(Y) on the manifold of
 * rank-r matrices, one step at a time, written once for physics and for training.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import type { StepOptions, StepResult, Timed, TimeIntegrator } from "../types.ts";
import type { Tunable } from "../../tunable.ts";

/** A matrix at which an integrator asks for F; its factors need not be orthonormal. */
export interface Point<M> extends LowRank<M>, Timed {}

/**
 * A time integrator for low-rank matrices.
 *
 * `step` is a generator: each yield hands out one point and gets F there. An ODE driver answers
 * with a right-hand side, the trainer with one forward and backward pass for all layers at once;
 * the number of yields is the number of gradient evaluations.
 *
 * @example A step by hand: the caller answers each point with F
 * ```ts
 * import {
 *   denseField, hostAlgebra, type Integrator, integrators, matrix, type Matrix, type Point, rk4,
 *   toDense, truncationRules,
 * } from "@rankflow/rankflow";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const one = matrix([1, 0], 2, 1);
 * const method: Integrator = integrators.get("augmented-bug");
 * const truncation = { rule: truncationRules.get("fixed-rank"), tolerance: 0, maxRank: 1 };
 * const y0 = { u: one, s: matrix([1], 1, 1), v: one };
 * const step = method.step(a, y0, 0.1, { stepper: rk4, truncation });
 * let next = await step.next();
 * while (!next.done) {
 *   const y: Point<Matrix> = next.value;
 *   next = await step.next(denseField(a, a.scale(-1, toDense(a, y))));
 * }
 * assertAlmostEquals(toDense(a, next.value.y).data[0]!, Math.exp(-0.1), 1e-6);
 * ```
 */
export interface Integrator extends TimeIntegrator, Tunable<Integrator> {
  /** One step of size `dt` from `y`. */
  step<M>(
    a: Algebra<M>,
    y: LowRank<M>,
    dt: number,
    o: StepOptions<M>,
  ): AsyncGenerator<Point<M>, StepResult<M>, FieldAt<M>>;
}
