import { refuse } from "./assertion_error.ts";
import { render } from "./difference.ts";
import { equal } from "./equal.ts";

/**
 * Asserts that two numbers agree within a tolerance.
 *
 * @param actual What was found.
 * @param expected What was wanted.
 * @param tolerance Largest allowed |actual − expected|; default 1e-7 |expected|, and 1e-7 where
 *   `expected` is not finite.
 * @param msg Words to add to the message.
 */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const delta = Math.abs(expected - actual);
  if (delta <= allowed) return;
  const f = (n: number): string => Number.isInteger(n) ? String(n) : n.toExponential();
  refuse(
    `Expected actual: "${f(actual)}" to be close to "${f(expected)}": ` +
      `delta "${f(delta)}" is greater than "${f(allowed)}"`,
    msg,
  );
}

/** Asserts actual > expected. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) refuse(`Expect ${render(actual)} > ${render(expected)}`, msg);
}

/** Asserts actual ≥ expected. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) refuse(`Expect ${render(actual)} >= ${render(expected)}`, msg);
}

/** Asserts actual < expected. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) refuse(`Expect ${render(actual)} < ${render(expected)}`, msg);
}

/** Asserts actual ≤ expected. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) refuse(`Expect ${render(actual)} <= ${render(expected)}`, msg);
}

/** Asserts that a text matches a pattern. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  refuse(`Expected actual: "${actual}" to match: "${expected}"`, msg);
}

/** Asserts that a text does not match a pattern. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) return;
  refuse(`Expected actual: "${actual}" to not match: "${expected}"`, msg);
}

/** Asserts that a text contains another. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  refuse(`Expected actual: "${actual}" to contain: "${expected}"`, msg);
}

/** Lists whose items {@linkcode assertArrayIncludes} looks at. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

/** Asserts that every item of `expected` is found in `actual`, by structure. */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const found = Array.from(actual);
  const missing = Array.from(expected).filter((x) => !found.some((y) => equal(x, y)));
  if (missing.length === 0) return;
  refuse(
    `Expected actual: "${render(actual)}" to include: "${render(expected)}"` +
      `\nmissing: ${render(missing)}`,
    msg,
  );
}
