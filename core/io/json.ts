/**
 * JSON with the numbers that it lacks: NaN and the infinities are written as the strings "NaN",
 * "Infinity" and "-Infinity", as pandas and Python's `float()` read them. A text that reads as one
 * of these gets a backslash in front, so that it comes back as a text.
 *
 * @module
 */

const SPECIAL: ReadonlyMap<string, number> = new Map([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);
/** Texts that stand for such a number, and those with backslashes in front. */
const LIKE_NUMBER = /^\\*(?:NaN|-?Infinity)$/;

/** Longest part of a message that comes out of a file. */
const LONGEST = 80;

/**
 * Writes a value as JSON text.
 *
 * @param value Anything that JSON can say, plus non-finite numbers.
 * @param indent Spaces per level; one line when absent.
 * @returns The text, without a final line break.
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, v) => encode(v), indent);
}

/**
 * Reads what {@linkcode toJson} wrote. The strings that stand for non-finite numbers become
 * numbers again.
 *
 * @param text JSON text.
 * @param source Where it comes from, for the error message.
 * @returns The value.
 * @throws {Error} When the text is not JSON.
 */
export function fromJson(text: string, source: string): unknown {
  return parse(text, source, "JSON text", (_, v) => typeof v === "string" ? decode(v) : v);
}

/**
 * Reads JSON text as it stands.
 *
 * @param text JSON text.
 * @param source Where it comes from, for the error message.
 * @param what What it is, for the error message.
 * @returns The value.
 * @throws {Error} When the text is not JSON.
 */
export function plainJson(text: string, source: string, what: string = "JSON text"): unknown {
  return parse(text, source, what);
}

function parse(
  text: string,
  source: string,
  what: string,
  reviver?: (key: string, value: unknown) => unknown,
): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch (error) {
    const why = shorten((error as Error).message);
    throw new Error(`Cannot read ${source}: expected ${what}, got other text (${why})`);
  }
}

/**
 * A value out of a file as it stands in a message: JSON on one line of at most 80 characters.
 *
 * @param value Anything that was read.
 */
export function brief(value: unknown): string {
  return typeof value === "number" ? String(value) : shorten(String(JSON.stringify(value)));
}

/**
 * A text out of a file as it stands in a message: one line of at most 80 characters.
 *
 * @param text Anything.
 */
export function shorten(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what it takes out
  const line = text.slice(0, LONGEST + 1).replace(/[\x00-\x1f\x7f]+/g, " ");
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

function encode(value: unknown): unknown {
  if (typeof value === "string") return LIKE_NUMBER.test(value) ? `\\${value}` : value;
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function decode(text: string): string | number {
  return SPECIAL.get(text) ?? (LIKE_NUMBER.test(text) ? text.slice(1) : text);
}
