/**
 * JSON with the numbers that it lacks: NaN and the infinities are written as the strings "NaN",
 * "Infinity" and "-Infinity", as pandas and Python's `float()` read them.
 *
 * @module
 */

const SPECIAL: ReadonlyMap<string, number> = new Map([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

/**
 * Writes a value as JSON text.
 *
 * @param value Anything that JSON can say, plus non-finite numbers.
 * @param indent Spaces per level; one line when absent.
 * @returns The text, without a final line break.
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, v) => isSpecial(v) ? String(v) : v, indent);
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
  try {
    return JSON.parse(text, (_, v) => typeof v === "string" ? SPECIAL.get(v) ?? v : v);
  } catch (error) {
    throw new Error(`Cannot read ${source}: not JSON text (${(error as Error).message})`);
  }
}

function isSpecial(value: unknown): boolean {
  return typeof value === "number" && !Number.isFinite(value);
}
