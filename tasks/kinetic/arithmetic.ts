/**
 * Arithmetic on numbers or on code for pairs of them: a formula that is written once computes the
 * same bits in both.
 *
 * @module
 */

/** What formulas of a scheme are made of. */
export interface Arithmetic<V> {
  /** A constant. */
  constant(value: number): V;
  /** a + b. */
  add(a: V, b: V): V;
  /** a − b. */
  sub(a: V, b: V): V;
  /** a b. */
  mul(a: V, b: V): V;
  /** a / b. */
  div(a: V, b: V): V;
  /** b < a ? b : a. */
  min(a: V, b: V): V;
  /** a < b ? b : a. */
  max(a: V, b: V): V;
  /** |a|. */
  abs(a: V): V;
  /** The same value, to be used more than once. */
  keep(a: V): V;
}

/** On float64 numbers. */
export const numbers: Arithmetic<number> = {
  constant: (value) => value,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: (a, b) => b < a ? b : a,
  max: (a, b) => a < b ? b : a,
  abs: Math.abs,
  keep: (a) => a,
};
