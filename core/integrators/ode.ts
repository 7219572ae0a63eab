/**
 * The driver that answers an integrator's questions with the right-hand side of an ODE, for matrices
 * and for tensors.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { checkInteger, checkNumber, NonFiniteError } from "../checks.ts";
import type { Awaitable, FieldAt, TuckerFieldAt } from "../geometry/fields/types.ts";
import type { LowRank } from "../geometry/low_rank.ts";
import type { TuckerTensor } from "../tensors/mod.ts";
import type { Integrator } from "./matrix/types.ts";
import { checkPoint } from "./returned.ts";
import { ranksKept } from "./truncation.ts";
import { checkModeTruncation } from "./tucker/truncation.ts";
import type {
  ModeTruncation,
  TuckerIntegrator,
  TuckerStepOptions,
  TuckerStepResult,
} from "./tucker/types.ts";
import type { StepOptions, Stepper, StepResult, Timed, Truncation } from "./types.ts";

/** Right-hand side of Y' = F(t, Y), handed out as an operator. */
export type RightHandSide<M> = (t: number, y: LowRank<M>) => Awaitable<FieldAt<M>>;

/**
 * Right-hand side of Y' = F(t, Y) for tensors, handed out as an operator.
 *
 * @example A tensor that decays
 * ```ts
 * import { hostAlgebra, matrix, type Matrix, type TuckerRightHandSide } from "@rankflow/rankflow";
 * import { denseTensor, scaleTucker, tuckerField } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const decay: TuckerRightHandSide<Matrix> = (_t, y) => tuckerField(a, scaleTucker(a, -1, y));
 * const one = matrix([1], 1, 1);
 * const field = await decay(0, { core: denseTensor(a, [3], [1, 1]), factors: [one, one] });
 * assertEquals([...(await field.contract([one, one])).data.data], [-3]);
 * ```
 */
export type TuckerRightHandSide<M> = (t: number, y: TuckerTensor<M>) => Awaitable<TuckerFieldAt<M>>;

/**
 * A course of equal steps, with results R and truncations T.
 *
 * @example Times that are reached
 * ```ts
 * import {
 *   augmentedBug, denseField, hostAlgebra, integrate, type IntegrateOptions, matrix, type
 *   Matrix, type RightHandSide, rk4, type StepResult, toDense,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const one = matrix([1], 1, 1);
 * const decay: RightHandSide<Matrix> = (_t, y) => denseField(a, a.scale(-1, toDense(a, y)));
 * const times: number[] = [];
 * const course: IntegrateOptions<StepResult<Matrix>> = {
 *   t1: 1,
 *   steps: 4,
 *   stepper: rk4,
 *   onStep: (t) => times.push(t),
 * };
 * await integrate(a, augmentedBug, decay, { u: one, s: one, v: one }, course);
 * assertEquals(times, [0.25, 0.5, 0.75, 1]);
 * ```
 */
export interface IntegrateOptions<R, T = Truncation> {
  /** Start time; default 0. */
  readonly t0?: number;
  /** End time; before `t0` where the flow is to be followed backwards. */
  readonly t1: number;
  /** Number of equal steps, ≥ 1. */
  readonly steps: number;
  /** How sub-flows are advanced. */
  readonly stepper: Stepper;
  /** How ranks adapt; default: they stay what they are. */
  readonly truncation?: T;
  /** Called after every step with the time reached. */
  readonly onStep?: (t: number, result: R) => void;
}

/**
 * Integrates Y' = F(t, Y) from a factorised start, a matrix or a tensor in Tucker format.
 *
 * @param f Right-hand side; asked as often as the integrator needs.
 * @param y0 Start, orthonormal bases.
 * @returns What has become of it at t1.
 * @throws {RangeError} When `steps` is not a positive integer, or a time is not finite.
 * @throws {NonFiniteError} When Y leaves the finite numbers.
 *
 * @example Diffusion of a matrix, and a tensor that decays
 * ```ts
 * import {
 *   augmentedBug, augmentedTuckerBug, denseTensor, hostAlgebra, integrate, matrix, rk4,
 *   scaleTucker, separableField, tuckerField, tuckerNorm,
 * } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const one = matrix([1, 0], 2, 1);
 * const laplace = matrix([-1, 1, 1, -1], 2, 2);
 * const course = { t1: 1, steps: 10, stepper: rk4 };
 * const y = await integrate(
 *   a, augmentedBug, (_t, y) => separableField(a, y, [{ left: (x) => a.multiply(laplace, x) }]),
 *   { u: one, s: matrix([2], 1, 1), v: one }, course,
 * );
 * assertAlmostEquals(Math.abs(y.s.data[0]!) * Math.abs(y.u.data[0]!), 1 + Math.exp(-2), 1e-4);
 *
 * const z = await integrate(
 *   a, augmentedTuckerBug, (_t, y) => tuckerField(a, scaleTucker(a, -1, y)),
 *   { core: denseTensor(a, [2], [1, 1, 1]), factors: [one, one, one] }, course,
 * );
 * assertAlmostEquals(await tuckerNorm(a, z), 2 * Math.exp(-1), 1e-5);
 * ```
 */
export function integrate<M>(
  a: Algebra<M>,
  integrator: Integrator,
  f: RightHandSide<M>,
  y0: LowRank<M>,
  options: IntegrateOptions<StepResult<M>>,
): Promise<LowRank<M>>;
/** The same for tensors. */
export function integrate<M>(
  a: Algebra<M>,
  integrator: TuckerIntegrator,
  f: TuckerRightHandSide<M>,
  y0: TuckerTensor<M>,
  options: IntegrateOptions<TuckerStepResult<M>, ModeTruncation>,
): Promise<TuckerTensor<M>>;
export async function integrate<M>(
  a: Algebra<M>,
  integrator: Integrator | TuckerIntegrator,
  f: RightHandSide<M> | TuckerRightHandSide<M>,
  y0: State<M>,
  options: IntegrateOptions<StepResult<M>> | IntegrateOptions<TuckerStepResult<M>, ModeTruncation>,
): Promise<State<M>> {
  const { t0 = 0, t1, steps, stepper, truncation = ranksKept, onStep } =
    options as IntegrateOptions<Stepped<M>, ModeTruncation>;
  checkInteger("integrate", "steps", steps);
  checkNumber("integrate", "t0", t0);
  checkNumber("integrate", "t1", t1);
  checkModeTruncation(truncation, "core" in y0 ? y0.core.shape.length : 1);
  const dt = (t1 - t0) / steps;
  let y = y0;
  for (let n = 0; n < steps; n++) {
    const t = t0 + n * dt;
    const step = (integrator as OdeMethod).step(a, y, dt, { stepper, truncation });
    const result = await runStep(step, t, f as Answer<M>);
    y = result.y;
    onStep?.(t + dt, result);
  }
  await requireFiniteEnd(a, y, t1);
  return y;
}

/** What is integrated. */
type State<M> = LowRank<M> | TuckerTensor<M>;

/** What becomes of it in a step. */
interface Stepped<M> {
  readonly y: State<M>;
}

/** An integrator of matrices or of tensors, whichever it is. */
interface OdeMethod {
  step<M>(
    a: Algebra<M>,
    y: State<M>,
    dt: number,
    o: StepOptions<M, ModeTruncation>,
  ): AsyncGenerator<State<M> & Timed, Stepped<M>, unknown>;
}

/** A right-hand side for it. */
type Answer<M> = (t: number, y: State<M> & Timed) => unknown;

/**
 * Refuses a result that has left the finite numbers; truncations do so on the way, integrators
 * that do not truncate do not.
 *
 * @throws {NonFiniteError} When its core is not finite.
 */
async function requireFiniteEnd<M>(a: Algebra<M>, y: State<M>, t1: number): Promise<void> {
  const size = await a.norm("core" in y ? y.core.data : y.s);
  if (Number.isFinite(size)) return;
  throw new NonFiniteError(
    `Cannot integrate to t = ${t1}: expected a finite result, got one of norm ${size}; take shorter ` +
      "steps",
  );
}

/**
 * One step of an integrator on an ODE.
 *
 * @param t Time at the start of the step.
 * @param dt Step size; negative for a step backwards.
 * @throws {RangeError} When one is not finite.
 */
export function stepOde<M>(
  a: Algebra<M>,
  integrator: Integrator,
  f: RightHandSide<M>,
  y: LowRank<M>,
  t: number,
  dt: number,
  o: StepOptions<M>,
): Promise<StepResult<M>>;
/** The same for tensors. */
export function stepOde<M>(
  a: Algebra<M>,
  integrator: TuckerIntegrator,
  f: TuckerRightHandSide<M>,
  y: TuckerTensor<M>,
  t: number,
  dt: number,
  o: TuckerStepOptions<M>,
): Promise<TuckerStepResult<M>>;
export async function stepOde<M>(
  a: Algebra<M>,
  integrator: Integrator | TuckerIntegrator,
  f: RightHandSide<M> | TuckerRightHandSide<M>,
  y: State<M>,
  t: number,
  dt: number,
  o: StepOptions<M> | TuckerStepOptions<M>,
): Promise<StepResult<M> | TuckerStepResult<M>> {
  checkNumber("take a step", "t", t);
  checkNumber("take a step", "dt", dt);
  const step = (integrator as OdeMethod).step(a, y, dt, o);
  const result = await runStep(step, t, f as Answer<M>) as StepResult<M> | TuckerStepResult<M>;
  checkPoint(a, integrator, y, result.y);
  return result;
}

/**
 * Runs a step to its end.
 *
 * @param step Under way; each yield asks for F at a point.
 * @param t Time at the start of the step.
 * @param f The right-hand side that answers.
 */
export async function runStep<P extends Timed, F, R>(
  step: AsyncGenerator<P, R, F>,
  t: number,
  f: (t: number, y: P) => Awaitable<F>,
): Promise<R> {
  let state = await step.next();
  while (!state.done) state = await step.next(await f(t + state.value.time, state.value));
  return state.value;
}
