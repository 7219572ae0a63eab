/**
 * Windows of a text as examples.
 *
 * @module
 */

import { checkInteger } from "../checks.ts";
import { type Examples, examplesOf } from "./examples.ts";

/**
 * Windows of a text as examples: `x` has the tokens of a window, `y` each one's successor.
 *
 * @param tokens Token ids, or bytes, one after another.
 * @param length Tokens in a window, T.
 * @param stride Tokens from the start of one window to that of the next; default: T.
 * @param count Windows, the first ones; default: all.
 * @throws {RangeError} When a number is no positive integer, or there are fewer than T + 1 tokens, or
 * fewer windows.
 *
 * @example Windows with their successors
 * ```ts
 * import { windowsOf } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { count, columns } = windowsOf(Int32Array.of(5, 6, 7, 8, 9), 2);
 * assertEquals([count, columns.x!.shape, columns.y!.offset], [2, [2], 1]);
 * ```
 */
export function windowsOf(
  tokens: Int32Array | Uint8Array,
  length: number,
  stride?: number,
  count?: number,
): Examples {
  checkInteger("take windows of a text", "length", length);
  const step = checkInteger("take windows of a text", "stride", stride ?? length);
  if (tokens.length <= length) {
    throw new RangeError(
      `Cannot take windows of ${length} tokens: expected ${length + 1} or more, ` +
        `got ${tokens.length}`,
    );
  }
  const column = { data: tokens, shape: [length], stride: step };
  const most = Math.floor((tokens.length - length - 1) / step) + 1;
  checkInteger("take windows of a text", "count", count ?? most, { least: 1, most });
  return examplesOf({ x: column, y: { ...column, offset: 1 } }, count ?? most);
}
