/**
 * Local error control: step sizes from an embedded estimate, and steps that are taken again in
 * larger bases when the rank is exhausted.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import { checkNumber, NonFiniteError } from "../../checks.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import { distanceLowRank, type LowRank } from "../../geometry/low_rank.ts";
import { type RightHandSide, stepOde } from "../ode.ts";
import { checkTruncation, upToError } from "../truncation.ts";
import type { Stepper, StepResult, Truncation } from "../types.ts";
import { augment } from "./augmentation.ts";
import { type NormalDefect, normalDefect } from "./normal_defect.ts";
import type { Integrator } from "./types.ts";

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
  /** Steps that were taken again in larger bases, which held too little of F or used up all ranks. */
  readonly enlarged: number;
  /**
   * Accepted steps whose error the ranks decide, not the length of the step: what ranks left out of
   * F, or truncation discarded, is above the tolerance. Where there are any, the integrator is of
   * fixed rank, or `truncation` allows too few ranks or discards too much, and the error is about
   * `leftOut`, whatever the tolerance.
   */
  readonly limited: number;
  /**
   * Estimate of what ranks left out of the solution on its way: the sum over steps, each relative
   * to the norm of Y there.
   */
  readonly leftOut: number;
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
 * Nothing of that sees the part of F normal to the manifold, which no step at these ranks follows. It
 * is estimated from products of F with a few random vectors. Where it is above the tolerance and the
 * rank may grow, or where an integrator that at most doubles the rank keeps all of the doubled one,
 * the step is taken again from the same matrix in bases augmented by F V, Fᵀ U and those products
 * (after the rejection of Ceruti, Kusch, Lubich: A parallel rank-adaptive integrator for dynamical
 * low-rank approximation, SISC 2024). Where it may not grow, the result says so as `limited`.
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
  const counts = { accepted: 0, rejected: 0, enlarged: 0, limited: 0, leftOut: 0 };
  let [t, y, dt] = [t0, y0, first];
  while (t !== t1) {
    const last = dt * (1 + 1e-9) >= Math.abs(t1 - t);
    const length = last ? t1 - t : direction * dt;
    const tried = await unlessInfinite(doubledStep(a, integrator, f, y, t, length, options));
    counts.enlarged += tried?.enlarged ?? 0;
    const ratio = tried ? errorRatio(tried, order, tolerance) : Infinity;
    if (tried && ratio <= 1) {
      counts.accepted++;
      counts.leftOut += tried.leftOut / tried.size;
      if (tried.leftOut > tolerance * tried.size) counts.limited++;
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

/** A doubled step. */
interface DoubledStep<M> {
  /** That of the two halves. */
  readonly result: StepResult<M>;
  /** ‖one step − two‖. */
  readonly difference: number;
  /** Norm of the result. */
  readonly size: number;
  /** How often a step was taken again in larger bases. */
  readonly enlarged: number;
  /** Norm of what ranks left out. */
  readonly leftOut: number;
}

/** One step of dt next to two of dt/2, from larger bases as long as ranks leave out too much. */
async function doubledStep<M>(
  a: Algebra<M>,
  integrator: Integrator,
  f: RightHandSide<M>,
  start: LowRank<M>,
  t: number,
  dt: number,
  options: AdaptiveOptions<M>,
): Promise<DoubledStep<M>> {
  const { tolerance } = options;
  const step = (from: LowRank<M>, at: number, length: number, field: FieldAt<M>) =>
    roomyStep(a, integrator, f, from, at, length, field, options);
  const first = await f(t, start);
  let y = start;
  for (let enlarged = 0;; enlarged++) {
    const coarse = await step(y, t, dt, first);
    const half = await step(y, t, dt / 2, first);
    const middle = await f(t + dt / 2, half.result.y);
    const fine = await step(half.result.y, t + dt / 2, dt / 2, middle);
    const end = fine.result.y;
    const size = await a.norm(end.s);
    const slopes = [first, middle, await f(t + dt, end)] as const;
    const lacking = await normalDefect(a, y, end, slopes, dt);
    const larger = integrator.adaptive && lacking.norm > tolerance * size
      ? await largerBases(a, y, first, options, lacking)
      : undefined;
    if (larger) y = larger;
    else {
      return {
        result: fine.result,
        difference: await distanceLowRank(a, coarse.result.y, end),
        size,
        enlarged: enlarged + half.enlarged + fine.enlarged + coarse.enlarged,
        leftOut: lacking.norm + half.result.discarded + fine.result.discarded,
      };
    }
  }
}

/**
 * A step, taken again in augmented bases as long as it keeps all the rank that it may add.
 *
 * @param field F at the start, which is the first that every integrator asks for.
 */
async function roomyStep<M>(
  a: Algebra<M>,
  integrator: Integrator,
  f: RightHandSide<M>,
  start: LowRank<M>,
  t: number,
  dt: number,
  field: FieldAt<M>,
  options: AdaptiveOptions<M>,
): Promise<{ result: StepResult<M>; enlarged: number }> {
  const { stepper, tolerance, truncation = upToError(tolerance / 10) } = options;
  let y = start;
  for (let enlarged = 0;; enlarged++) {
    let asked = 0;
    const answer: RightHandSide<M> = (time, point) => asked++ === 0 ? field : f(time, point);
    const result = await stepOde(a, integrator, answer, y, t, dt, { stepper, truncation });
    const exhausted = integrator.adaptive && a.cols(result.y.u) >= 2 * a.cols(y.u);
    const larger = exhausted ? await largerBases(a, y, field, options) : undefined;
    if (!larger) return { result, enlarged };
    y = larger;
  }
}

/** The same matrix in bases augmented by F V and Fᵀ U; undefined where they may not grow. */
async function largerBases<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  field: FieldAt<M>,
  { truncation }: AdaptiveOptions<M>,
  lacking?: NormalDefect<M>,
): Promise<LowRank<M> | undefined> {
  const [left, right] = [a.cols(y.u), a.cols(y.v)];
  const largest = Math.min(truncation?.maxRank ?? Infinity, a.rows(y.u), a.rows(y.v));
  if (Math.max(left, right) >= largest) return undefined;
  const k = [await field.times(y.v), ...(lacking ? [lacking.columns] : [])];
  const l = [await field.adjointTimes(y.u), ...(lacking ? [lacking.rows] : [])];
  const { u, s, v } = await augment(a, y, a.hstack(k), a.hstack(l));
  // F here may say nothing new, as where it begins at zero: later stages have found what there is.
  return a.cols(u) === left && a.cols(v) === right ? undefined : { u, s, v };
}
