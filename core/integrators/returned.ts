/**
 * What integrators and steppers return, held to what they promise, where they are called.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { LowRank } from "../geometry/low_rank.ts";
import type { Plugin } from "../registry.ts";
import type { TuckerTensor } from "../tensors/mod.ts";
import type { Advanced, Stepper } from "./types.ts";

/**
 * Refuses a point whose factors do not chain, or are those of another size.
 *
 * @param integrator Who returned it.
 * @param before Where the step began.
 * @throws {RangeError} Naming the integrator and the shapes.
 */
export function checkPoint<M>(
  a: Algebra<M>,
  { name }: Plugin,
  before: LowRank<M> | TuckerTensor<M>,
  after: LowRank<M> | TuckerTensor<M>,
): void {
  const [wanted, got] = [extentsOf(a, before), extentsOf(a, after)];
  if (wanted.join() === got.join() && chains(a, after)) return;
  throw new RangeError(
    `Cannot use integrator "${name}": expected it to return factors of ${wanted.join("×")} that ` +
      `chain, got ${shapesOf(a, after).join(", ")}`,
  );
}

/**
 * What a stepper made of a factor, when it has the factor's shape.
 *
 * @param start Where the sub-flow began.
 * @throws {RangeError} Naming the stepper and the shapes.
 */
export function checkedAdvance<M>(
  a: Algebra<M>,
  { name }: Stepper,
  start: M,
  advanced: Advanced<M>,
): Advanced<M> {
  const [wanted, got] = [shapeOf(a, start), shapeOf(a, advanced.value)];
  if (wanted === got) return advanced;
  throw new RangeError(
    `Cannot use stepper "${name}": expected it to return a factor of ${wanted}, got ${got}`,
  );
}

function shapeOf<M>(a: Algebra<M>, x: M): string {
  return `${a.rows(x)}×${a.cols(x)}`;
}

function extentsOf<M>(a: Algebra<M>, y: LowRank<M> | TuckerTensor<M>): number[] {
  return "u" in y ? [a.rows(y.u), a.rows(y.v)] : y.factors.map((u) => a.rows(u));
}

function chains<M>(a: Algebra<M>, y: LowRank<M> | TuckerTensor<M>): boolean {
  if ("u" in y) return a.cols(y.u) === a.rows(y.s) && a.cols(y.v) === a.cols(y.s);
  return y.factors.every((u, k) => a.cols(u) === y.core.shape[k]);
}

function shapesOf<M>(a: Algebra<M>, y: LowRank<M> | TuckerTensor<M>): string[] {
  if ("u" in y) return [y.u, y.s, y.v].map((x) => shapeOf(a, x));
  return [y.core.shape.join("×"), ...y.factors.map((u) => shapeOf(a, u))];
}
