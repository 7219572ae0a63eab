/**
 * What the drivers of matrices and of tensors share: a course of equal steps, and the answering of
 * a step's questions.
 *
 * @module
 */

import { checkInteger, checkNumber, NonFiniteError } from "../checks.ts";
import type { Stepper, Timed } from "./types.ts";

/** A course of equal steps with sub-flows advanced by one stepper. */
export interface EqualSteps<R> {
  /** Start time; default 0. */
  readonly t0?: number;
  /** End time; before `t0` where the flow is to be followed backwards. */
  readonly t1: number;
  /** Number of equal steps, ≥ 1. */
  readonly steps: number;
  /** How sub-flows are advanced. */
  readonly stepper: Stepper;
  /** Called after every step with the time reached. */
  readonly onStep?: (t: number, result: R) => void;
}

/**
 * Takes equal steps one after another.
 *
 * @param start Where the first one starts.
 * @param step Takes one of them.
 * @returns Where the last one ends.
 * @throws {RangeError} When `steps` is not a positive integer, or a time is not finite.
 */
export async function takeSteps<Y, R extends { readonly y: Y }>(
  { t0 = 0, t1, steps, onStep }: EqualSteps<R>,
  start: Y,
  step: (y: Y, t: number, dt: number) => Promise<R>,
): Promise<Y> {
  checkInteger("integrate", "steps", steps);
  checkNumber("integrate", "t0", t0);
  checkNumber("integrate", "t1", t1);
  const dt = (t1 - t0) / steps;
  let y = start;
  for (let n = 0; n < steps; n++) {
    const t = t0 + n * dt;
    const result = await step(y, t, dt);
    y = result.y;
    onStep?.(t + dt, result);
  }
  return y;
}

/**
 * Refuses a result that has left the finite numbers; truncations do so on the way, integrators
 * that do not truncate do not.
 *
 * @param norm Of the core, as it is computed.
 * @throws {NonFiniteError} When it is not finite.
 */
export async function checkResult(norm: Promise<number>, t1: number): Promise<void> {
  const size = await norm;
  if (Number.isFinite(size)) return;
  throw new NonFiniteError(
    `Cannot integrate to t = ${t1}: expected a finite result, got one of norm ${size}; take shorter ` +
      "steps",
  );
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
  f: (t: number, y: P) => F | Promise<F>,
): Promise<R> {
  let state = await step.next();
  while (!state.done) state = await step.next(await f(t + state.value.time, state.value));
  return state.value;
}
