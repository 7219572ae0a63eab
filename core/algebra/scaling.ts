/**
 * Scaling by powers of two, which is exact, for what works with squares of entries.
 *
 * @module
 */

import type { Matrix } from "./matrix.ts";

/** Exponents within which squares and sums of squares neither overflow nor lose digits. */
const HARMLESS = 300;
/** Exponent of the smallest positive number. */
const SMALLEST = -1074;

/**
 * The power of two to divide a matrix by before its entries are squared: about its largest entry
 * where that is very large or small, else 1, so that ordinary matrices stay as they are.
 *
 * @param parts Its entries; of complex matrices both parts.
 */
export function unitOf(...parts: readonly Float64Array[]): number {
  let largest = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) largest = Math.max(largest, Math.abs(part[i]!));
  }
  const exponent = Math.floor(Math.log2(largest));
  if (largest === 0 || Math.abs(exponent) <= HARMLESS) return 1;
  return 2 ** Math.max(SMALLEST, exponent);
}

/** Round-off of an entry, in units of ε times the largest entry. */
const ROUND_OFF = 256;

/**
 * Zeros for entries that are round-off beside the largest one.
 *
 * @param data Entries, which are not changed.
 * @param epsilon Precision with which they were computed.
 * @param sizes Their absolute values; default: of `data`.
 */
export function clearRoundOff(
  data: Float64Array,
  epsilon: number,
  sizes: Float64Array = data.map(Math.abs),
): Float64Array {
  const floor = ROUND_OFF * epsilon * sizes.reduce((most, size) => Math.max(most, size), 0);
  return data.map((value, i) => sizes[i]! <= floor ? 0 : value);
}

/** x / unit; `x` itself where the unit is 1. */
export function divided(x: Matrix, unit: number): Matrix {
  return unit === 1 ? x : { ...x, data: x.data.map((value) => value / unit) };
}

/** x × unit; `x` itself where the unit is 1. */
export function multiplied(x: Matrix, unit: number): Matrix {
  return unit === 1 ? x : { ...x, data: x.data.map((value) => value * unit) };
}
