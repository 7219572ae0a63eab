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
