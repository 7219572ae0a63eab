/**
 * The driver that answers a Tucker integrator's questions with the right-hand side of an ODE.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { TuckerTensor } from "../../tensors/mod.ts";
import { checkResult, type EqualSteps, runStep, takeSteps } from "../steps.ts";
import { relativeFrobenius } from "../truncation.ts";
import { checkModeTruncation } from "./truncation.ts";
import type { Stepper } from "../types.ts";
import type { ModeTruncation, TuckerIntegrator, TuckerStepResult } from "./types.ts";
import type { TuckerFieldAt } from "../../geometry/fields/types.ts";

/** Right-hand side of Y' = F(t, Y) for tensors, handed out as an operator. */
export type TuckerRightHandSide<M> = (
  t: number,
  y: TuckerTensor<M>,
) => TuckerFieldAt<M> | Promise<TuckerFieldAt<M>>;

/** Settings of {@linkcode integrateTucker}. */
export interface IntegrateTuckerOptions<M> extends EqualSteps<TuckerStepResult<M>> {
  /** How ranks adapt; default: no tolerance, ranks capped at those of the start. */
  readonly truncation?: ModeTruncation;
}

/**
 * Integrates Y' = F(t, Y) from a start in Tucker format.
 *
 * @param f Right-hand side; asked as often as the integrator needs.
 * @param y0 Start, orthonormal factors.
 * @returns The Tucker tensor at t1.
 * @throws {RangeError} When `steps` is not a positive integer, or a time is not finite.
 * @throws {NonFiniteError} When Y leaves the finite numbers.
 *
 * @example A tensor that decays
 * ```ts
 * import {
 *   augmentedTuckerBug, denseTensor, hostAlgebra, integrateTucker, matrix, rk4, scaleTucker,
 *   tuckerField, tuckerNorm,
 * } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const one = matrix([1, 0], 2, 1);
 * const y0 = { core: denseTensor(a, [2], [1, 1, 1]), factors: [one, one, one] };
 * const y1 = await integrateTucker(
 *   a, augmentedTuckerBug, (_t, y) => tuckerField(a, scaleTucker(a, -1, y)), y0,
 *   { t1: 1, steps: 10, stepper: rk4 },
 * );
 * assertAlmostEquals(await tuckerNorm(a, y1), 2 * Math.exp(-1), 1e-5);
 * ```
 */
export async function integrateTucker<M>(
  a: Algebra<M>,
  integrator: TuckerIntegrator,
  f: TuckerRightHandSide<M>,
  y0: TuckerTensor<M>,
  options: IntegrateTuckerOptions<M>,
): Promise<TuckerTensor<M>> {
  const { stepper } = options;
  const truncation = options.truncation ??
    y0.core.shape.map((maxRank) => ({ rule: relativeFrobenius, tolerance: 0, maxRank }));
  checkModeTruncation(truncation, y0.core.shape.length);
  const y1 = await takeSteps(
    options,
    y0,
    (y, t, dt) => stepTuckerOde(a, integrator, f, y, t, dt, { stepper, truncation }),
  );
  await checkResult(a.norm(y1.core.data), options.t1);
  return y1;
}

/**
 * One step of a Tucker integrator on an ODE.
 *
 * @param t Time at the start of the step.
 * @param dt Step size.
 */
export function stepTuckerOde<M>(
  a: Algebra<M>,
  integrator: TuckerIntegrator,
  f: TuckerRightHandSide<M>,
  y: TuckerTensor<M>,
  t: number,
  dt: number,
  o: { readonly stepper: Stepper; readonly truncation: ModeTruncation },
): Promise<TuckerStepResult<M>> {
  return runStep(integrator.step(a, y, dt, o), t, f);
}
