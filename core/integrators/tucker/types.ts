/**
 * What an integrator of dynamical low-rank approximation is for tensors in Tucker format: the same
 * shape as for matrices, with one basis for each mode and the core in place of S.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { Plugin } from "../../registry.ts";
import type { TuckerFieldAt } from "../../geometry/fields/types.ts";
import type { TuckerTensor, TuckerTruncation } from "../../tensors/mod.ts";
import type { MomentSlots } from "../memory.ts";
import type { Stepper, SubFlow, Timed, Truncation } from "../types.ts";

/** A tensor at which an integrator asks for F; its factors need not be orthonormal. */
export interface TuckerPoint<M> extends TuckerTensor<M>, Timed {}

/** A sub-flow of a Tucker tensor: slot "k0", "k1", … for a basis, "s" for the core. */
export type TuckerFlow<M> = SubFlow<M, TuckerTensor<M>, TuckerFieldAt<M>>;

/**
 * How ranks adapt: by one rule for all modes, by one for each, or by an error of the whole tensor
 * that the modes share. A rule sees the singular values of one mode; where it keeps the relative
 * error of each below τ, that of the tensor is below √d τ. A shared error holds as it is.
 */
export type ModeTruncation = Truncation | readonly Truncation[] | TuckerTruncation;

/** Settings and state of one step. */
export interface TuckerStepOptions<M> {
  /** How sub-flows are advanced. */
  readonly stepper: Stepper;
  /** How ranks adapt. */
  readonly truncation: ModeTruncation;
  /** What the stepper remembers of the factors, as the previous step returned it. */
  readonly moments?: MomentSlots<M>;
}

/** Outcome of one step. */
export interface TuckerStepResult<M> {
  /** The new point; bases orthonormal. */
  readonly y: TuckerTensor<M>;
  /** The same in the coordinates of the new bases. */
  readonly moments: MomentSlots<M>;
  /** Singular values kept in each mode where the step computed them, descending. */
  readonly singularValues?: readonly Float64Array[];
  /** Frobenius norm of what truncation discarded. */
  readonly discarded: number;
}

/** A time integrator for Tucker tensors: a generator as the integrators of matrices are. */
export interface TuckerIntegrator extends Plugin {
  /** Order of convergence in the step size that theory or experiment gives. */
  readonly order: number;
  /** Evaluations of F in a step whose stepper takes one stage. */
  readonly evaluations: number;
  /** Whether the ranks adapt. */
  readonly adaptive: boolean;
  /**
   * One step of size `dt` from `y`.
   *
   * @param y Orthonormal factors.
   */
  step<M>(
    a: Algebra<M>,
    y: TuckerTensor<M>,
    dt: number,
    o: TuckerStepOptions<M>,
  ): AsyncGenerator<TuckerPoint<M>, TuckerStepResult<M>, TuckerFieldAt<M>>;
}
