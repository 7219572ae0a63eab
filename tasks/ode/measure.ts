/**
 * Errors of integrators over step sizes, and the orders that they show.
 *
 * @module
 */

import {
  aNumber,
  aRecord,
  aText,
  type Expectation,
  type Integrator,
  listOf,
  someOf,
  type Stepper,
} from "../../core/mod.ts";
import type { OpenProblem } from "./problem.ts";

/** What one integrator reached on one problem. */
export interface Convergence {
  /** Registry name of the integrator. */
  readonly integrator: string;
  /** Relative Frobenius errors at the end, by number of steps. */
  readonly errors: readonly number[];
  /** Seconds per step at the smallest step size. */
  readonly secondsPerStep: number;
}

/** What all integrators reached on one problem; plain data for summary.json. */
export interface ProblemResult {
  /** Registry name of the problem. */
  readonly problem: string;
  /** Rank of the approximations. */
  readonly rank: number;
  /** Step sizes, descending. */
  readonly stepSizes: readonly number[];
  /** Relative error of the best approximation of that rank. */
  readonly best: number;
  /** By integrator, in the order of the registry. */
  readonly curves: readonly Convergence[];
}

/** {@linkcode Convergence} as a file must hold it. */
export const convergenceResult: Expectation<Convergence> = aRecord<Convergence>({
  integrator: aText,
  errors: listOf(aNumber),
  secondsPerStep: aNumber,
});

/** {@linkcode ProblemResult} as a file must hold it. */
export const problemResult: Expectation<ProblemResult> = aRecord<ProblemResult>({
  problem: aText,
  rank: aNumber,
  stepSizes: someOf(aNumber),
  best: aNumber,
  curves: listOf(convergenceResult),
});

/** Errors within this factor of the best approximation show the rank, not the step size. */
const FLOOR = 3;

/** Solves a problem with one integrator at several step counts. */
export async function convergence(
  problem: OpenProblem,
  integrator: Integrator,
  rank: number,
  counts: readonly number[],
  stepper: Stepper,
): Promise<Convergence> {
  const errors: number[] = [];
  let seconds = 0;
  for (const steps of counts) {
    const begin = performance.now();
    errors.push(await problem.solve(integrator, rank, steps, stepper));
    seconds = (performance.now() - begin) / 1000;
  }
  return { integrator: integrator.name, errors, secondsPerStep: seconds / counts.at(-1)! };
}

/**
 * The order that errors show: the slope of log error over log step size, by least squares over the
 * steps whose error is above the floor of the rank.
 *
 * @param stepSizes Step sizes, descending.
 * @param errors Errors by step size; those that are not finite are left out.
 * @param best Error of the best approximation.
 * @returns The slope; undefined where fewer than two errors are above the floor.
 */
export function measuredOrder(
  stepSizes: readonly number[],
  errors: readonly number[],
  best: number,
): number | undefined {
  const points = errors
    .map((e, i) => [Math.log(stepSizes[i]!), Math.log(e), e] as const)
    .filter(([, y, e]) => Number.isFinite(y) && e > FLOOR * best);
  if (points.length < 2) return undefined;
  const mean = (k: 0 | 1): number => points.reduce((sum, p) => sum + p[k], 0) / points.length;
  const [mx, my] = [mean(0), mean(1)];
  const over = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  const under = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return over / under;
}
