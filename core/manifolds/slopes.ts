/**
 * Orders of convergence from measurements.
 *
 * @module
 */

/** Fewest measurements above round-off from which a slope is read. */
const FEWEST = 4;

/**
 * Slope of log(error) over log(t) by least squares, where errors stand clear of round-off.
 *
 * @param ts Step sizes, > 0.
 * @param errors One for each step size, ≥ 0.
 * @param floor Errors up to this are round-off and left out.
 * @returns The slope; Infinity when fewer than four errors stand clear, NaN when one is no number.
 *
 * @example A parabola
 * ```ts
 * import { logLogSlope } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const ts = [0.1, 0.2, 0.4, 0.8];
 * assertAlmostEquals(logLogSlope(ts, ts.map((t) => 5 * t * t)), 2);
 * ```
 */
export function logLogSlope(
  ts: readonly number[],
  errors: readonly number[],
  floor: number = 0,
): number {
  if (errors.some((e) => !Number.isFinite(e))) return NaN;
  const clear = ts.flatMap((t, i) =>
    errors[i]! > floor ? [[Math.log(t), Math.log(errors[i]!)]] : []
  );
  if (clear.length < FEWEST) return Infinity;
  const mean = (k: 0 | 1): number => clear.reduce((s, p) => s + p[k]!, 0) / clear.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = clear.reduce((s, p) => s + (p[0]! - x) * (p[1]! - y), 0);
  return covariance / clear.reduce((s, p) => s + (p[0]! - x) ** 2, 0);
}

/**
 * Step sizes at which differences are neither round-off nor far from their limit: ten of them,
 * evenly spaced in the logarithm over a factor of eight from ε^0.2 up.
 *
 * @param epsilon Precision of the numbers.
 */
export function slopeSteps(epsilon: number): number[] {
  const smallest = epsilon ** 0.2;
  return Array.from({ length: 10 }, (_, i) => smallest * 8 ** (i / 9));
}
