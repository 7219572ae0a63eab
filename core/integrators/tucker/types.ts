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

/**
 * A time integrator for Tucker tensors: a generator as the integrators of matrices are.
 *
 * @example A step of a tensor by hand
 * ```ts
 * import {
 *   hostAlgebra, matrix, type Matrix, type ModeTruncation, rk4, truncationRules, type
 *   TuckerIntegrator, type TuckerPoint, type TuckerRightHandSide, type TuckerStepOptions, type
 *   TuckerStepResult,
 * } from "@rankflow/rankflow";
 * import {
 *   augmentedTuckerBug, denseTensor, scaleTucker, tuckerField, tuckerNorm,
 * } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const decay: TuckerRightHandSide<Matrix> = (_t, y) => tuckerField(a, scaleTucker(a, -1, y));
 * const method: TuckerIntegrator = augmentedTuckerBug;
 * const truncation: ModeTruncation = { rule: truncationRules.get("fixed-rank"), tolerance: 0 };
 * const options: TuckerStepOptions<Matrix> = { stepper: rk4, truncation };
 * const one = matrix([1, 0], 2, 1);
 * const y0 = { core: denseTensor(a, [1], [1, 1, 1]), factors: [one, one, one] };
 * const step = method.step(a, y0, 0.1, options);
 * let next = await step.next();
 * while (!next.done) {
 *   const y: TuckerPoint<Matrix> = next.value;
 *   next = await step.next(await decay(y.time, y));
 * }
 * const { y }: TuckerStepResult<Matrix> = next.value;
 * assertAlmostEquals(await tuckerNorm(a, y), Math.exp(-0.1), 1e-6);
 * ```
 */
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
