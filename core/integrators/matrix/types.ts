/**
 * What an integrator of dynamical low-rank approximation is: dY/dt = F(Y) on the manifold of
 * rank-r matrices, one step at a time, written once for physics and for training.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import type { Plugin } from "../../registry.ts";
import type { MomentSlots } from "../memory.ts";
import type { Stepper, Timed, Truncation } from "../types.ts";

/** A matrix at which an integrator asks for F; its factors need not be orthonormal. */
export interface Point<M> extends LowRank<M>, Timed {}

/** Settings and state of one step. */
export interface StepOptions<M> {
  /** How sub-flows are advanced. */
  readonly stepper: Stepper;
  /** How ranks adapt; ignored by integrators of fixed rank. */
  readonly truncation: Truncation;
  /** What the stepper remembers of the factors, as the previous step returned it. */
  readonly moments?: MomentSlots<M>;
}

/** Outcome of one step. */
export interface StepResult<M> {
  /** The new point; bases orthonormal. */
  readonly y: LowRank<M>;
  /** The same in the coordinates of the new bases. */
  readonly moments: MomentSlots<M>;
  /** Singular values of the new core where the step computed them, descending. */
  readonly singularValues?: Float64Array;
  /** Frobenius norm of what truncation discarded. */
  readonly discarded: number;
}

/**
 * A time integrator for low-rank matrices.
 *
 * `step` is a generator: each yield hands out one point and gets F there. An ODE driver answers
 * with a right-hand side, the trainer with one forward and backward pass for all layers at once;
 * the number of yields is the number of gradient evaluations.
 */
export interface Integrator extends Plugin {
  /** Order of convergence in the step size that theory or experiment gives. */
  readonly order: number;
  /** Evaluations of F in a step whose stepper takes one stage. */
  readonly evaluations: number;
  /** Whether the rank adapts. */
  readonly adaptive: boolean;
  /** One step of size `dt` from `y`. */
  step<M>(
    a: Algebra<M>,
    y: LowRank<M>,
    dt: number,
    o: StepOptions<M>,
  ): AsyncGenerator<Point<M>, StepResult<M>, FieldAt<M>>;
}
