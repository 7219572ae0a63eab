/** What a rule makes of a matrix along given gradients. */

import { type Algebra, type Matrix, matrix, type RuleState, type Updated } from "../../core/mod.ts";
import type { Random } from "../../core/mod.ts";
import { type Optimizer, optimizers } from "../../optimizers/mod.ts";
import { gaussian } from "../support/matrices.ts";
import type { Tolerance } from "../support/algebras.ts";

/** Wide, tall, square. */
export const SHAPES = [[4, 6], [6, 4], [5, 5]] as const;

/** Step size of a course. */
export const RATE = 0.1;

/** Settings of any optimizer. */
export type Setting = Parameters<Optimizer["create"]>[0];

/** Values and states after each step along the flows, at {@linkcode RATE} without decay. */
export async function course<M>(
  a: Algebra<M>,
  [name, settings]: readonly [name: string, settings?: Setting],
  x: Matrix,
  flows: readonly Matrix[],
): Promise<{ readonly values: Matrix[]; readonly states: RuleState<M>[] }> {
  const rule = optimizers.get(name).create(settings);
  let now: Updated<M> = { value: put(a, x) };
  const [values, states]: [Matrix[], RuleState<M>[]] = [[], []];
  for (const flow of flows) {
    now = await rule.update(a, now.value, put(a, flow), { rate: RATE, decay: 0 }, now.state);
    values.push(await get(a, now.value));
    if (now.state) states.push(now.state);
  }
  return { values, states };
}

/** A matrix in an algebra. */
export function put<M>(a: Algebra<M>, x: Matrix): M {
  return a.from(x.data, x.rows, x.cols);
}

/** A matrix back from an algebra. */
export async function get<M>(a: Algebra<M>, x: M): Promise<Matrix> {
  return matrix(await a.read(x), a.rows(x), a.cols(x));
}

/** Gaussian flows. */
export function flowsOf(random: Random, m: number, n: number, count: number): Matrix[] {
  return Array.from({ length: count }, () => gaussian(random, m, n));
}

/** The error that will do: 1e-12 in float64, 1e-5 in float32. */
export const closeIn = (t: Tolerance): number => Math.max(1e-12, 5 * t.relative);
