/**
 * What an integrator of dynamical low-rank approximation is for tensors in Tucker format: the same
 * shape as for matrices, with one basis for each mode and the core in place of S.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { TuckerFieldAt } from "../../geometry/fields/types.ts";
import type { TuckerTensor, TuckerTruncation } from "../../tensors/mod.ts";
import type {
  StepOptions,
  StepResult,
  SubFlow,
  Timed,
  TimeIntegrator,
  Truncation,
} from "../types.ts";
import type { Tunable } from "../../tunable.ts";

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
export type TuckerStepOptions<M> = StepOptions<M, ModeTruncation>;

/** Outcome of one step; with the singular values that each mode keeps. */
export type TuckerStepResult<M> = StepResult<M, TuckerTensor<M>, readonly Float64Array[]>;

/** A time integrator for Tucker tensors: a generator as the integrators of matrices are. */
export interface TuckerIntegrator extends TimeIntegrator, Tunable<TuckerIntegrator> {
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
