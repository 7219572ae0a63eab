/**
 * Gases at rest: what collisions alone make of densities.
 *
 * @module
 */

import type { Algebra, Matrix } from "../../../core/mod.ts";
import { meanDefect, meanRelativeError } from "./errors.ts";
import type { VelocityNodes } from "./nodes.ts";
import type { CollisionOperator } from "./operator.ts";

/** A course of densities beside the exact one. */
export interface Relaxation {
  /** Times. */
  readonly times: Float64Array;
  /** Mean relative error of the densities there. */
  readonly errors: Float64Array;
  /** Mean |∫ f − 1| there. */
  readonly drifts: Float64Array;
}

/** Length of a relaxation, and steps of Euler in it. */
const [END, STEPS] = [5, 500];
/** Steps between two looks. */
const LOOK = 10;

/**
 * Solves f′ = Q(f) by Euler's method beside the exact operator.
 *
 * @param start Densities of mass 1, rows × nodes.
 */
export function relax(
  a: Algebra<Matrix>,
  nodes: VelocityNodes,
  operator: CollisionOperator,
  exact: CollisionOperator,
  start: Matrix,
): Relaxation {
  const looks = STEPS / LOOK;
  const course = {
    times: new Float64Array(looks),
    errors: new Float64Array(looks),
    drifts: new Float64Array(looks),
  };
  const dt = END / STEPS;
  const moved = (q: CollisionOperator, f: Matrix): Matrix => a.lincomb(1, f, dt, q.apply(f));
  let [f, known] = [start, start];
  for (let n = 1; n <= STEPS; n++) {
    [f, known] = [moved(operator, f), moved(exact, known)];
    if (n % LOOK !== 0) continue;
    const k = n / LOOK - 1;
    course.times[k] = n * dt;
    course.errors[k] = meanRelativeError(f, known);
    course.drifts[k] = meanDefect(nodes, f, 1);
  }
  return course;
}
