import { AssertionError, refuse } from "./assertion_error.ts";
import { difference, render } from "./difference.ts";
import { equal } from "./equal.ts";

/** A class, abstract or not, whose instances are T. */
// deno-lint-ignore no-explicit-any
export type AnyClass<T = any> = abstract new (...args: any[]) => T;

/** Values that count as false. */
export type Falsy = false | 0 | 0n | "" | null | undefined;

/** Asserts that `expr` counts as true. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) refuse(msg || "Expected a value that counts as true");
}

/** Asserts that `expr` counts as false. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is Falsy {
  if (expr) refuse(msg || "Expected a value that counts as false");
}

/** Asserts that two values have the same structure; the message lists what differs. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw unlike("Values are not equal", actual, expected, msg);
}

/** Asserts that two values differ in structure. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  refuse(`Expected actual: ${render(actual)} not to be: ${render(expected)}`, msg);
}

/** Asserts that two values are the same value or the same object (`Object.is`). */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  throw unlike("Values are not strictly equal", actual, expected, msg);
}

/** Asserts that two values are not the same value or object (`Object.is`). */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!Object.is(actual, expected)) return;
  refuse(`Expected "actual" to not be strictly equal to: ${render(actual)}`, msg);
}

/** Asserts that a value is neither null nor undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  refuse(`Expected actual: "${actual}" to not be null or undefined`, msg);
}

/** Asserts that a value is an instance of a class. */
export function assertInstanceOf<T extends AnyClass>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  refuse(
    `Expected object to be an instance of "${expectedType.name}" but was ${kindOf(actual)}`,
    msg,
  );
}

/** Asserts that a value is not an instance of a class. */
export function assertNotInstanceOf<A, T>(
  actual: A,
  // deno-lint-ignore no-explicit-any
  unexpectedType: abstract new (...args: any[]) => T,
  msg?: string,
): asserts actual is Exclude<A, T> {
  if (!(actual instanceof unexpectedType)) return;
  refuse(`Expected object to not be an instance of "${unexpectedType.name}"`, msg);
}

/** Asserts that the properties of `expected`, at any depth, are found in `actual`. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  assertEquals<unknown>(restrict(actual, expected), restrict(expected, expected), msg);
}

/** Throws, whatever happens. */
export function fail(msg?: string): never {
  return refuse(msg ? `Failed assertion: ${msg}` : "Failed assertion");
}

/** Marks a place that no run should reach. */
export function unreachable(reason?: string): never {
  return refuse(reason ? `Unreachable: ${reason}` : "Unreachable");
}

/** Marks what is not written yet. */
export function unimplemented(msg?: string): never {
  return refuse(msg ? `Unimplemented: ${msg}` : "Unimplemented");
}

function unlike(what: string, actual: unknown, expected: unknown, msg?: string): AssertionError {
  const head = msg ? `${what}: ${msg}` : `${what}.`;
  const lines = difference(actual, expected);
  return new AssertionError(`${head}\n\n    [Diff] - actual, + expected\n\n${lines}\n`);
}

function kindOf(value: unknown): string {
  if (value === null || typeof value !== "object") {
    return `"${value === null ? "null" : typeof value}"`;
  }
  return `"${value.constructor?.name ?? "Object"}"`;
}

/** The part of `value` whose keys `mask` has. */
function restrict(value: unknown, mask: unknown): unknown {
  if (!isWalkable(value) || !isWalkable(mask)) return value;
  const keys = [...Object.keys(mask), ...Object.getOwnPropertySymbols(mask)];
  const pairs = keys.filter((k) => k in value).map((k) =>
    [k, restrict(value[k], mask[k])] as const
  );
  return Object.fromEntries(pairs);
}

function isWalkable(value: unknown): value is Record<PropertyKey, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || [Object, undefined].includes(value.constructor as never) ||
    !/^\[object (Map|Set|Date|RegExp|.*Array)\]$/.test(Object.prototype.toString.call(value));
}
