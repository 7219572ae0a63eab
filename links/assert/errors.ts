import { stripVTControlCharacters } from "node:util";
import { refuse } from "./assertion_error.ts";
import type { AnyClass } from "./values.ts";

/**
 * Asserts that a value is an error of a class whose message contains a text or matches a pattern.
 *
 * @param error What to look at.
 * @param ErrorClass Expected class; default any error.
 * @param msgMatches Expected part or pattern of the message; default any.
 * @param msg Words to add to the message.
 */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: AnyClass<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) refuse(`Expected "error" to be an Error object`, msg);
  if (ErrorClass && !(error instanceof ErrorClass)) {
    refuse(
      `Expected error to be instance of "${ErrorClass.name}", ` +
        `but was "${error.constructor.name}" (${error.message})`,
      msg,
    );
  }
  if (msgMatches && !says(error.message, msgMatches)) {
    const wanted = msgMatches instanceof RegExp ? String(msgMatches) : JSON.stringify(msgMatches);
    refuse(
      `Expected error message to include ${wanted}, but got ${JSON.stringify(error.message)}`,
      msg,
    );
  }
}

function says(text: string, wanted: string | RegExp): boolean {
  const plain = stripVTControlCharacters(text);
  return wanted instanceof RegExp
    ? wanted.test(plain)
    : plain.includes(stripVTControlCharacters(wanted));
}

/** What the overloads of {@linkcode assertThrows} and {@linkcode assertRejects} boil down to. */
interface Expectation {
  readonly ErrorClass: AnyClass<Error> | undefined;
  readonly includes: string | undefined;
  readonly msg: string | undefined;
}

function readExpectation(
  classOrMsg: AnyClass<Error> | string | undefined,
  includesOrMsg: string | undefined,
  msg: string | undefined,
): Expectation {
  if (typeof classOrMsg === "string") {
    return { ErrorClass: undefined, includes: undefined, msg: classOrMsg };
  }
  return { ErrorClass: classOrMsg, includes: includesOrMsg, msg };
}

function check(error: unknown, e: Expectation, verb: string): unknown {
  if (!e.ErrorClass) return error;
  if (!(error instanceof Error)) refuse(`A non-Error object was ${verb}`, e.msg);
  assertIsError(error, e.ErrorClass, e.includes, e.msg);
  return error;
}

/**
 * Asserts that a function throws, and returns what it threw.
 *
 * @param fn Called once.
 * @param msg Words to add to the message.
 */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/**
 * Asserts that a function throws an error of a class, and returns the error.
 *
 * @param fn Called once.
 * @param ErrorClass Expected class.
 * @param msgIncludes Expected part of the message; default any.
 * @param msg Words to add to the message.
 */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: AnyClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: AnyClass<Error> | string,
  includesOrMsg?: string,
  msg?: string,
): unknown {
  const e = readExpectation(classOrMsg, includesOrMsg, msg);
  try {
    fn();
  } catch (error) {
    return check(error, e, "thrown");
  }
  return refuse("Expected function to throw", e.msg);
}

/**
 * Asserts that a promise is rejected, and returns the reason.
 *
 * @param fn Called once; must return the promise and not throw by itself.
 * @param msg Words to add to the message.
 */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/**
 * Asserts that a promise is rejected with an error of a class, and returns the error.
 *
 * @param fn Called once; must return the promise and not throw by itself.
 * @param ErrorClass Expected class.
 * @param msgIncludes Expected part of the message; default any.
 * @param msg Words to add to the message.
 */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: AnyClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: AnyClass<Error> | string,
  includesOrMsg?: string,
  msg?: string,
): Promise<unknown> {
  const e = readExpectation(classOrMsg, includesOrMsg, msg);
  const promise = startPromise(fn, e.msg);
  try {
    await promise;
  } catch (error) {
    return check(error, e, "rejected");
  }
  return refuse("Expected function to reject", e.msg);
}

function startPromise(fn: () => PromiseLike<unknown>, msg?: string): PromiseLike<unknown> {
  let promise: PromiseLike<unknown> | undefined;
  try {
    promise = fn();
  } catch {
    promise = undefined;
  }
  if (typeof promise?.then === "function") return promise;
  return refuse("Function throws when expected to reject", msg);
}
