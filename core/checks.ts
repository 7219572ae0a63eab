/**
 * Refusals of numbers that make no sense, worded alike wherever a number is taken.
 *
 * @module
 */

/** A computation left the finite numbers: a step too long, or bad data. */
export class NonFiniteError extends RangeError {
  /** Tells the error apart where classes are compared by name. */
  override readonly name: string = "NonFiniteError";
}

/** Where a number must lie; what is absent does not bind. */
export interface Range {
  /** Smallest number allowed. */
  readonly least?: number;
  /** All numbers must lie above this one. */
  readonly above?: number;
  /** Largest number allowed. */
  readonly most?: number;
  /** All numbers must lie below this one. */
  readonly below?: number;
}

/**
 * The number, when it is finite and lies in the range.
 *
 * @param action What cannot be done otherwise: a verb with its object.
 * @param name Of the number.
 *
 * @example A share
 * ```ts
 * import { checkNumber } from "@rankflow/rankflow/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(checkNumber("split images", "the share", 0.2, { above: 0, below: 1 }), 0.2);
 * assertThrows(
 *   () => checkNumber("split images", "the share", NaN, { above: 0, below: 1 }),
 *   RangeError,
 *   "Cannot split images: expected the share to be a number > 0 and < 1, got NaN",
 * );
 * ```
 *
 * @throws {RangeError} When it is not.
 */
export function checkNumber(
  action: string,
  name: string,
  value: number,
  range: Range = {},
): number {
  if (Number.isFinite(value) && within(value, range)) return value;
  const kind = Object.keys(range).length === 0 ? "a finite number" : "a number";
  throw new RangeError(refusal(action, name, kind, range, value));
}

/**
 * The number, when it is an integer that lies in the range: by default a positive one.
 *
 * @param action What cannot be done otherwise: a verb with its object.
 * @param name Of the number.
 *
 * @throws {RangeError} When it is not.
 */
export function checkInteger(
  action: string,
  name: string,
  value: number,
  range: Range = { least: 1 },
): number {
  if (Number.isSafeInteger(value) && within(value, range)) return value;
  throw new RangeError(refusal(action, name, "an integer", range, value));
}

/**
 * A number that a plugin returned, when it is an integer of at least `least`.
 *
 * @param what The plugin, in words: its kind and its name.
 *
 * @throws {RangeError} When it is not.
 */
export function checkReturned(what: string, name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(
    `Cannot use ${what}: expected it to return ${name} as an integer ≥ ${least}, got ${value}`,
  );
}

/**
 * The bounds, when they are integers and the lower one is not above the upper one. An upper bound
 * may be Infinity.
 *
 * @param names Of the two bounds.
 *
 * @throws {RangeError} When they are not.
 */
export function checkBounds(
  action: string,
  names: readonly [string, string],
  [low, high]: readonly [number, number],
): void {
  checkInteger(action, names[0], low);
  if (high !== Infinity) checkInteger(action, names[1], high);
  if (low <= high) return;
  throw new RangeError(
    `Cannot ${action}: expected ${names[0]} to be at most ${names[1]}, got ${low} and ${high}`,
  );
}

/**
 * The numbers, when all are finite.
 *
 * @param name Of what they are the entries.
 *
 * @throws {NonFiniteError} When one is not; the message says which.
 */
export function checkFinite<T extends ArrayLike<number>>(
  action: string,
  name: string,
  values: T,
): T {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new NonFiniteError(
      `Cannot ${action}: expected finite numbers in ${name}, got ${values[i]} at position ${i}`,
    );
  }
  return values;
}

function within(value: number, { least, above, most, below }: Range): boolean {
  return !(value < least!) && !(value <= above!) && !(value > most!) && !(value >= below!);
}

function refusal(
  action: string,
  name: string,
  kind: string,
  { least, above, most, below }: Range,
  value: unknown,
): string {
  const bounds = [["≥", least], ["≤", most], [">", above], ["<", below]]
    .filter(([, bound]) => bound !== undefined)
    .map(([sign, bound]) => `${sign} ${bound}`);
  const wanted = [kind, bounds.join(" and ")].filter((part) => part !== "").join(" ");
  return `Cannot ${action}: expected ${name} to be ${wanted}, got ${value}`;
}
