/**
 * The driver that answers an integrator's questions with the right-hand side of a matrix ODE.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import { checkResult, type EqualSteps, runStep, takeSteps } from "../steps.ts";
import { checkTruncation, relativeFrobenius } from "../truncation.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import type { Integrator, StepResult } from "./types.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import type { Stepper, Truncation } from "../types.ts";

/** Right-hand side of Y' = F(t, Y), handed out as an operator. */
export type RightHandSide<M> = (t: number, y: LowRank<M>) => FieldAt<M> | Promise<FieldAt<M>>;

/** Settings of {@linkcode integrate}. */
export interface IntegrateOptions<M> extends EqualSteps<StepResult<M>> {
  /** How ranks adapt; default: no tolerance, rank capped at that of the start. */
  readonly truncation?: Truncation;
}

/**
 * Integrates Y' = F(t, Y) from a factorised start.
 *
 * @param f Right-hand side; asked as often as the integrator needs.
 * @param y0 Start, orthonormal bases.
 * @returns The factorised matrix at t1.
 * @throws {RangeError} When `steps` is not a positive integer, or a time is not finite.
 * @throws {NonFiniteError} When Y leaves the finite numbers.
 *
 * @example A linear flow that keeps the rank
 * ```ts
 * import { augmentedBug, hostAlgebra, integrate, matrix, rk4 } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const one = matrix([1, 0], 2, 1);
 * const y0 = { u: one, s: matrix([2], 1, 1), v: one };
 * const decay = (x: typeof one) => a.scale(-1, x);
 * const y1 = await integrate(a, augmentedBug, (_t, y) => ({
 *   times: (v) => decay(a.multiply(a.multiply(y.u, y.s), a.multiply(y.v, v, { transposeLeft: true }))),
 *   adjointTimes: (u) =>
 *     decay(a.multiply(y.v, a.multiply(a.multiply(y.u, y.s), u, { transposeLeft: true }))),
 *   galerkin: (u, v) => decay(a.multiply(
 *     a.multiply(u, a.multiply(y.u, y.s), { transposeLeft: true }),
 *     a.multiply(y.v, v, { transposeLeft: true }),
 *   )),
 * }), y0, { t1: 1, steps: 10, stepper: rk4 });
 * assertAlmostEquals(Math.abs(y1.s.data[0]!), 2 * Math.exp(-1), 1e-5);
 * ```
 */
export async function integrate<M>(
  a: Algebra<M>,
  integrator: Integrator,
  f: RightHandSide<M>,
  y0: LowRank<M>,
  options: IntegrateOptions<M>,
): Promise<LowRank<M>> {
  const { stepper } = options;
  const truncation = options.truncation ??
    { rule: relativeFrobenius, tolerance: 0, maxRank: a.cols(y0.u) };
  checkTruncation(truncation);
  const y1 = await takeSteps(
    options,
    y0,
    (y, t, dt) => stepOde(a, integrator, f, y, t, dt, { stepper, truncation }),
  );
  await checkResult(a.norm(y1.s), options.t1);
  return y1;
}

/**
 * One step of an integrator on an ODE.
 *
 * @param t Time at the start of the step.
 * @param dt Step size.
 */
export function stepOde<M>(
  a: Algebra<M>,
  integrator: Integrator,
  f: RightHandSide<M>,
  y: LowRank<M>,
  t: number,
  dt: number,
  o: { readonly stepper: Stepper; readonly truncation: Truncation },
): Promise<StepResult<M>> {
  return runStep(integrator.step(a, y, dt, o), t, f);
}
