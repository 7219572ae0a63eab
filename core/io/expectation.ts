/**
 * What values out of a file must be: records, lists and numbers that others may have written,
 * checked once where they are read.
 *
 * @module
 */

import { brief } from "./json.ts";

/** What a value must be to be a `T`. */
export interface Expectation<T> {
  /** For messages, such as "a number". */
  readonly what: string;
  /**
   * Says what speaks against a value, such as `expected a number "ranks.dense1", got null`;
   * undefined when nothing does.
   *
   * @param path Where the value is in the file; empty for the file itself.
   */
  readonly fault: (value: unknown, path: string) => string | undefined;
  /** Only there for the compiler. */
  readonly type?: T;
}

/**
 * Lets a value pass that is as expected.
 *
 * @param source Where the value comes from, for the message.
 * @returns The value.
 * @throws {Error} "Cannot read SOURCE: expected …, got …" for the first part that is not.
 *
 * @example A damaged line of metrics
 * ```ts
 * import { aNumber, aRecord, byName, checked } from "@rankflow/rankflow/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const line = aRecord<{ step: number; ranks: Record<string, number> }>({
 *   step: aNumber,
 *   ranks: byName(aNumber),
 * });
 * assertEquals(checked(line, { step: 1, ranks: { w: 4 } }, "a file").ranks.w, 4);
 * assertThrows(
 *   () => checked(line, { step: 1, ranks: { w: null } }, "a file"),
 *   Error,
 *   'Cannot read a file: expected a number "ranks.w", got null',
 * );
 * ```
 */
export function checked<T>(expectation: Expectation<T>, value: unknown, source: string): T {
  const fault = expectation.fault(value, "");
  if (fault === undefined) return value as T;
  throw new Error(`Cannot read ${source}: ${fault}`);
}

/** A number, not-a-number and the infinities included. */
export const aNumber: Expectation<number> = simple("a number", (v) => typeof v === "number");
/** A whole number of at least 0. */
export const aCount: Expectation<number> = simple(
  "a whole number ≥ 0",
  (v) => Number.isSafeInteger(v) && v as number >= 0,
);
/** A text. */
export const aText: Expectation<string> = simple("a text", (v) => typeof v === "string");
/** True or false. */
export const aBoolean: Expectation<boolean> = simple(
  "true or false",
  (v) => typeof v === "boolean",
);
/** Whatever there is. */
export const anything: Expectation<unknown> = simple("anything", () => true);

/** A text of base-64 characters. */
export const aBase64: Expectation<string> = simple(
  "base-64 text",
  (v) => typeof v === "string" && v.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(v),
);

/** One of some texts. */
export function oneOf<T extends string>(...texts: readonly T[]): Expectation<T> {
  return simple(`one of ${texts.join(", ")}`, (v) => texts.includes(v as T));
}

/** A typed array of that class, such as `Float32Array`. */
export function arrayOf<T>(type: new (length: number) => T): Expectation<T> {
  return simple(`a ${type.name}`, (v) => v instanceof type);
}

/** A value that may be absent. */
export function optional<T>({ what, fault }: Expectation<T>): Expectation<T> {
  return { what, fault: (v, path) => v === undefined ? undefined : fault(v, path) };
}

/** A value or null. */
export function orNull<T>({ what, fault }: Expectation<T>): Expectation<T | null> {
  return {
    what: `${what} or null`,
    fault: (v, path) => v === null ? undefined : fault(v, path),
  };
}

/**
 * A record of given fields; it may have others.
 *
 * @param fields What each field must be.
 */
export function aRecord<T extends object>(
  fields: { readonly [K in keyof T]-?: Expectation<T[K]> },
): Expectation<T> {
  const expected = Object.entries(fields as Readonly<Record<string, Expectation<unknown>>>);
  return collection(
    "a record",
    isRecord,
    (value) => expected.map(([key, field]) => [key, field, value[key]]),
  );
}

/** A record of any names. */
export function byName<T>(each: Expectation<T>): Expectation<Readonly<Record<string, T>>> {
  return collection(
    "a record",
    isRecord,
    (value) => Object.entries(value).map(([key, v]) => [key, each, v]),
  );
}

/** A list of any length. */
export function listOf<T>(each: Expectation<T>): Expectation<readonly T[]> {
  return list("a list", each, () => true);
}

/** A list with at least one entry. */
export function someOf<T>(each: Expectation<T>): Expectation<readonly T[]> {
  return list("a list with entries", each, (length) => length > 0);
}

/** A list of three, such as the shape of an image. */
export function threeOf<T>(each: Expectation<T>): Expectation<readonly [T, T, T]> {
  return list("a list of 3", each, (length) => length === 3);
}

function simple<T>(what: string, fits: (value: unknown) => boolean): Expectation<T> {
  return { what, fault: (v, path) => fits(v) ? undefined : faultOf(what, path, v) };
}

function list<T, L>(
  what: string,
  each: Expectation<T>,
  isLength: (length: number) => boolean,
): Expectation<L> {
  const isList = (v: unknown): v is readonly unknown[] => Array.isArray(v) && isLength(v.length);
  return collection(what, isList, (list) => list.map((v, i) => [String(i), each, v]));
}

type Part = readonly [key: string, expectation: Expectation<unknown>, value: unknown];

/** A value whose parts must be something, too. */
function collection<T, V>(
  what: string,
  fits: (value: unknown) => value is V,
  parts: (value: V) => Part[],
): Expectation<T> {
  return {
    what,
    fault(value, path) {
      if (!fits(value)) return faultOf(what, path, value);
      for (const [key, expectation, part] of parts(value)) {
        const fault = expectation.fault(part, path === "" ? key : `${path}.${key}`);
        if (fault !== undefined) return fault;
      }
      return undefined;
    },
  };
}

function faultOf(what: string, path: string, value: unknown): string {
  return `expected ${what}${path === "" ? "" : ` ${brief(path)}`}, got ${brief(value)}`;
}

/** Whether a value is an object with named fields, and no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
