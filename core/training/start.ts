/**
 * Starts of weights, checked: initialisers are plugins.
 *
 * @module
 */

import { checkFinite, checkNumber } from "../checks.ts";
import type { Random } from "../random.ts";
import type { WeightSpec } from "./weight.ts";

/**
 * The entries that a weight starts with, row-major.
 *
 * @throws {RangeError} When the initialiser draws too few, or some that are not finite.
 */
export function startValues(
  { name, shape, initialiser }: WeightSpec,
  random: Random,
): Float32Array {
  const values = initialiser.draw(random, shape);
  const size = shape.reduce((n, d) => n * d, 1);
  const action = `start weight "${name}" by "${initialiser.name}"`;
  if (values.length !== size) {
    throw new RangeError(`Cannot ${action}: expected ${size} entries, got ${values.length}`);
  }
  return checkFinite(action, "its entries", values);
}

/**
 * The variance of the entries that a weight would start with in full.
 *
 * @throws {RangeError} When the initialiser gives none.
 */
export function startVariance({ name, shape, initialiser }: WeightSpec): number {
  const action = `start weight "${name}" by "${initialiser.name}"`;
  return checkNumber(action, "its variance", initialiser.variance(shape), { least: 0 });
}
