/**
 * Local error control: step sizes from an embedded estimate, and steps that are taken again in
 * larger bases when the rank is exhausted.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import { checkNumber, NonFiniteError } from "../../checks.ts";
import { augment } from "./augmentation.ts";
import { type RightHandSide, stepOde } from "../ode.ts";
import { checkTruncation, upToError } from "../truncation.ts";
import type { Integrator, StepResult } from "./types.ts";
import { distanceLowRank, type LowRank } from "../../geometry/low_rank.ts";
import type { Stepper, Truncation } from "../types.ts";

/** Settings of {@linkcode integrateAdaptive}. */
export interface AdaptiveOptions<M> {
  /** Start time; default 0. */
  readonly t0?: number;
  /** End time; before `t0` where the flow is to be followed backwards. */
  readonly t1: number;
  /** Allowed estimate of the error of one step, relative to the Frobenius norm of Y. */
  readonly tolerance: number;
  /** How sub-flows are advanced. */
  readonly stepper: Stepper;
  /**
   * How ranks adapt; default: relative Frobenius at a tenth of `tolerance`. What truncation discards
   * is no part of the estimate, and too much of it keeps the steps small.
   */
  readonly truncation?: Truncation;
  /** Length of the first step; default a hundredth of the interval. */
  readonly firstStep?: number;
  /** Longest step, where F has short events that a longer one would jump over; default: none. */
  readonly maxStep?: number;
  /**
   * Steps shorter than this end the integration with an error; default 1e-8 of the interval. Never
   * less than what time can resolve.
   */
  readonly minStep?: number;
  /** Called after every accepted step with the time reached. */
  readonly onStep?: (t: number, result: StepResult<M>) => void;
}

/** Outcome of {@linkcode integrateAdaptive}. */
export interface AdaptiveResult<M> {
  /** The factorised matrix at t1. */
  readonly y: LowRank<M>;
  /** Steps that were accepted. */
  readonly accepted: number;
  /** Steps that were taken again because their error was too large. */
  readonly rejected: number;
  /** Steps that were taken again, in bases twice as large, because they used up all new ranks. */
  readonly enlarged: number;
}

/** Bounds of the change of the step size from one step to the next, and its safety factor. */
const [SHRINK, GROW, SAFETY] = [0.2, 4, 0.9];

/**
 * Integrates Y' = F(t, Y) with steps as long as the tolerance allows.
 *
 * The estimate is step doubling: one step of dt and two of dt/2 differ by 2^p − 1 times the error of
 * the two, p being the order of integrator and stepper; the two are kept. The difference is measured
 * on the factors, never as an m×n matrix.
 *
 * An integrator of adapting rank at most doubles it in a step. Where it keeps all of the doubled rank
 * although the truncation had leave to drop some, more is likely needed: the step is taken again from
 * the same matrix in bases augmented by F V and Fᵀ U (the rejection of Ceruti, Kusch, Lubich: A
 * parallel rank-adaptive integrator for dynamical low-rank approximation, SISC 2024). Parallel
 * integrators leave out the block of new by new directions and see a new rank to second order in dt
 * only: start them with the rank that they will need.
 *
 * @param f Right-hand side.
 * @param y0 Start, orthonormal bases.
 * @throws {RangeError} When a time is not finite, the tolerance or the length of a step is not
 * positive, or the stepper is of no order.
 * @throws {Error} When the step size falls below `minStep`: F is not smooth, or the tolerance is out
 * of reach at the allowed ranks.
 */
export async function integrateAdaptive<M>(
  a: Algebra<M>,
  integrator: Integrator,
  f: RightHandSide<M>,
  y0: LowRank<M>,
  options: AdaptiveOptions<M>,
): Promise<AdaptiveResult<M>> {
  const { t0 = 0, t1, tolerance } = options;
  const order = orderOf(integrator, options);
  const { direction, first, longest, shortest } = stepsOf(t0, options);
  const counts = { accepted: 0, rejected: 0, enlarged: 0 };
  let [t, y, dt] = [t0, y0, first];
  while (t !== t1) {
    const last = dt * (1 + 1e-9) >= Math.abs(t1 - t);
    const length = last ? t1 - t : direction * dt;
    const tried = await unlessInfinite(doubledStep(a, integrator, f, y, t, length, options));
    counts.enlarged += tried?.enlarged ?? 0;
    const ratio = tried ? errorRatio(tried, order, tolerance) : Infinity;
    if (tried && ratio <= 1) {
      counts.accepted++;
      y = tried.result.y;
      t = last ? t1 : t + length;
      options.onStep?.(t, tried.result);
    } else {
      counts.rejected++;
    }
    dt = Math.min(longest, Math.abs(length) * stepFactor(ratio, order));
    if (t !== t1 && !(dt >= shortest)) throw tooShort(dt, shortest, t);
  }
  return { y, ...counts };
}

/** Which way time goes, and lengths of steps. */
interface Steps {
  readonly direction: number;
  readonly first: number;
  readonly longest: number;
  readonly shortest: number;
}

function stepsOf<M>(t0: number, o: AdaptiveOptions<M>): Steps {
  const action = "integrate";
  const span = checkNumber(action, "t1", o.t1) - checkNumber(action, "t0", t0);
  const size = checkNumber(action, "the interval", Math.abs(span));
  if (o.minStep !== undefined) checkNumber(action, "minStep", o.minStep, { above: 0 });
  // Below this t + dt may be t, and time would stand still.
  const resolved = 16 * Number.EPSILON * Math.max(Math.abs(t0), Math.abs(o.t1));
  const shortest = Math.max(o.minStep ?? 1e-8 * size, resolved);
  for (const name of ["firstStep", "maxStep"] as const) {
    const range = { above: 0, least: Math.min(shortest, size) };
    if (o[name] !== undefined) checkNumber(action, name, o[name], range);
  }
  const longest = o.maxStep ?? size;
  const first = Math.min(longest, o.firstStep ?? Math.max(shortest, size / 100));
  return { direction: Math.sign(span), first, longest, shortest };
}

/** Estimated error of a step over what is allowed. */
function errorRatio(
  { difference, size }: { readonly difference: number; readonly size: number },
  order: number,
  tolerance: number,
): number {
  if (difference === 0) return 0;
  return difference / (2 ** order - 1) / (tolerance * size);
}

function orderOf<M>(
  integrator: Integrator,
  { tolerance, stepper, truncation }: AdaptiveOptions<M>,
): number {
  const order = Math.min(integrator.order, stepper.order);
  checkNumber("integrate", "tolerance", tolerance, { above: 0 });
  if (truncation) checkTruncation(truncation);
  if (!(order >= 1)) {
    throw new RangeError(
      `Cannot control the error: a stepper of order >= 1 is needed, "${stepper.name}" has ` +
        `${stepper.order}`,
    );
  }
  return order;
}

/** The outcome of a step; undefined where it left the finite numbers. */
async function unlessInfinite<T>(step: Promise<T>): Promise<T | undefined> {
  try {
    return await step;
  } catch (error) {
    if (error instanceof NonFiniteError) return undefined;
    throw error;
  }
}

/** (1 / ratio)^(1/(p + 1)) with safety, within bounds; not finite errors shrink the step. */
function stepFactor(ratio: number, order: number): number {
  if (!Number.isFinite(ratio)) return SHRINK;
  const ideal = SAFETY * Math.max(ratio, 1e-12) ** (-1 / (order + 1));
  return Math.min(GROW, Math.max(SHRINK, ideal));
}

function tooShort(dt: number, minStep: number, t: number): Error {
  return new Error(
    `Cannot integrate past t = ${t}: the step size must stay above ${minStep}, got ${dt}; ` +
      `allow a larger tolerance or larger ranks`,
  );
}

/** One step of dt next to two of dt/2, which are the result. */
async function doubledStep<M>(
  a: Algebra<M>,
  integrator: Integrator,
  f: RightHandSide<M>,
  y: LowRank<M>,
  t: number,
  dt: number,
  options: AdaptiveOptions<M>,
): Promise<{ result: StepResult<M>; difference: number; size: number; enlarged: number }> {
  const step = (from: LowRank<M>, at: number, length: number) =>
    roomyStep(a, integrator, f, from, at, length, options);
  const half = await step(y, t, dt / 2);
  const fine = await step(half.result.y, t + dt / 2, dt / 2);
  const coarse = await step(y, t, dt);
  return {
    result: fine.result,
    difference: await distanceLowRank(a, coarse.result.y, fine.result.y),
    size: await a.norm(fine.result.y.s),
    enlarged: half.enlarged + fine.enlarged + coarse.enlarged,
  };
}

/** A step, taken again in augmented bases as long as it keeps all the rank that it may add. */
async function roomyStep<M>(
  a: Algebra<M>,
  integrator: Integrator,
  f: RightHandSide<M>,
  start: LowRank<M>,
  t: number,
  dt: number,
  { stepper, tolerance, truncation = upToError(tolerance / 10) }: AdaptiveOptions<M>,
): Promise<{ result: StepResult<M>; enlarged: number }> {
  const { maxRank = Infinity } = truncation;
  const largest = Math.min(maxRank, a.rows(start.u), a.rows(start.v));
  let y = start;
  for (let enlarged = 0;; enlarged++) {
    const result = await stepOde(a, integrator, f, y, t, dt, { stepper, truncation });
    const [before, after] = [a.cols(y.u), a.cols(result.y.u)];
    const exhausted = integrator.adaptive && after >= 2 * before && after < largest;
    if (!exhausted) return { result, enlarged };
    const field = await f(t, y);
    const { u, s, v } = await augment(a, y, await field.times(y.v), await field.adjointTimes(y.u));
    // F here says nothing new, as where it begins at zero: later stages have found what there is.
    if (a.cols(u) === before && a.cols(v) === before) return { result, enlarged };
    y = { u, s, v };
  }
}
