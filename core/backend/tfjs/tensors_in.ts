/**
 * Finds the tensors in a result.
 *
 * @module
 */

import type { Tf, TfTensor } from "./types.ts";

/**
 * Lists the tensors in `value`, walking arrays and plain objects only: other objects, typed arrays
 * above all, would cost a visit of every element.
 */
export function tensorsIn(tf: Tf, value: unknown): TfTensor[] {
  const found = new Set<TfTensor>();
  walk(tf, value, found, new Set());
  return [...found];
}

function walk(tf: Tf, value: unknown, found: Set<TfTensor>, seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof tf.Tensor) found.add(value);
  else if (Array.isArray(value)) value.forEach((v) => walk(tf, v, found, seen));
  else if (isPlain(value)) Object.values(value).forEach((v) => walk(tf, v, found, seen));
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
