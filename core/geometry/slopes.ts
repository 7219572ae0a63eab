/**
 * Orders of convergence from measurements.
 *
 * @module
 */

/** Fewest measurements above round-off from which a slope is read. */
const FEWEST = 4;
/** Most of them that are used: with larger steps other terms come in. */
const MOST = 8;

/**
 * Slope of log(error) over log(t) by least squares, from the eight smallest steps whose errors
 * stand clear of round-off: there the leading term rules.
 *
 * @param ts Step sizes, > 0, ascending.
 * @param errors One for each step size, ≥ 0.
 * @param floor Errors up to this are round-off and left out; so are those of smaller steps.
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
  const begin = errors.findLastIndex((e) => e <= floor) + 1;
  const clear = ts.map((t, i) => [Math.log(t), Math.log(errors[i]!)] as const)
    .slice(begin, begin + MOST);
  if (clear.length < FEWEST) return Infinity;
  const mean = (k: 0 | 1): number => clear.reduce((s, p) => s + p[k], 0) / clear.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = clear.reduce((s, p) => s + (p[0] - x) * (p[1] - y), 0);
  return covariance / clear.reduce((s, p) => s + (p[0] - x) ** 2, 0);
}

/**
 * Step sizes among which some are neither lost in round-off nor far from the limit: twenty of them,
 * ascending, evenly spaced in the logarithm over a factor of 32 from ε^0.25 up.
 *
 * @param epsilon Precision of the numbers.
 */
export function slopeSteps(epsilon: number): number[] {
  const smallest = epsilon ** 0.25;
  return Array.from({ length: 20 }, (_, i) => smallest * 32 ** (i / 19));
}
