/**
 * Assertions under the names, signatures and default tolerances of `jsr:@std/assert`, for machines
 * that cannot reach jsr.io: a subset, used through `links` in deno.json. Published code resolves
 * the real package.
 *
 * @module
 */

export { AssertionError } from "./assertion_error.ts";
export { equal } from "./equal.ts";
export {
  assertAlmostEquals,
  assertArrayIncludes,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "./order.ts";
export type { ArrayLikeArg } from "./order.ts";
export { assertIsError, assertRejects, assertThrows } from "./errors.ts";
export {
  assert,
  assertEquals,
  assertExists,
  assertFalse,
  assertInstanceOf,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotStrictEquals,
  assertObjectMatch,
  assertStrictEquals,
  fail,
  unimplemented,
  unreachable,
} from "./values.ts";
export type { AnyClass as AnyConstructor, Falsy } from "./values.ts";
