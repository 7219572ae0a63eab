/**
 * Elementary functions on four float32 lanes.
 *
 * @module
 */

import { type FunctionBuilder, type V128, v128 } from "./assembler.ts";

const { add, sub, mul, div, pmax, pmin } = v128;

/** Horner's rule, highest coefficient first. */
export function polynomial(
  f: FunctionBuilder,
  x: V128,
  coefficients: readonly number[],
  multiplyAdd: MultiplyAdd = rounded,
): V128 {
  const [first, ...rest] = coefficients;
  return rest.reduce((sum, c) => multiplyAdd(sum, x, f.constant(c)), f.constant(first!));
}

/** a b + c. */
export type MultiplyAdd = (a: V128, b: V128, c: V128) => V128;

/** a b + c with two roundings, on every machine. */
export const rounded: MultiplyAdd = (a: V128, b: V128, c: V128): V128 => add(mul(a, b), c);

/** Added to a small number, it leaves the nearest integer in the low bits: 3·2²². */
const TO_INTEGER = 3 * 2 ** 22;

/**
 * eˣ with a relative error below 2e-7, by reduction to |r| ≤ ln(2)/2 and a polynomial in r (the
 * coefficients of Cephes' expf). Saturates at e^±87.3 instead of running into denormal numbers.
 *
 * @param multiplyAdd a b + c; default rounded twice.
 */
export function exp(f: FunctionBuilder, input: V128, multiplyAdd: MultiplyAdd = rounded): V128 {
  const x = f.local("v128", pmax(pmin(input, f.constant(87.3)), f.constant(-87.3)));
  return exponential(f, x, multiplyAdd);
}

/** eˣ for x ≤ 0, without a look at an upper limit. */
export function expBelow(f: FunctionBuilder, input: V128, multiplyAdd: MultiplyAdd): V128 {
  return exponential(f, f.local("v128", pmax(input, f.constant(-87.3))), multiplyAdd);
}

function exponential(f: FunctionBuilder, x: V128, multiplyAdd: MultiplyAdd): V128 {
  const whole = f.constant(TO_INTEGER);
  const shifted = f.local("v128", multiplyAdd(x, f.constant(Math.LOG2E), whole));
  const n = f.local("v128", sub(shifted, whole));
  // ln 2 in two parts, the first short enough for n·(first part) to be exact.
  const high = multiplyAdd(n, f.constant(-0.693359375), x);
  const r = f.local("v128", multiplyAdd(n, f.constant(2.12194440e-4), high));
  const tail = polynomial(f, r, [
    1.9875691500e-4,
    1.3981999507e-3,
    8.3334519073e-3,
    4.1665795894e-2,
    1.6666665459e-1,
    5.0000001201e-1,
  ], multiplyAdd);
  const mantissa = add(multiplyAdd(mul(r, r), tail, r), f.constant(1));
  // 2ⁿ is added to the exponent: within the limits above it does not leave its range.
  return f.local("v128", v128.addI32(mantissa, v128.shlI32(shifted, 23)));
}

/** 1/(1 + e⁻ˣ). */
export function sigmoid(f: FunctionBuilder, x: V128): V128 {
  return div(f.constant(1), add(f.constant(1), exp(f, v128.neg(x))));
}

/** tanh x: an odd polynomial for |x| < 0.625 (Cephes' tanhf), 1 − 2/(e²ˣ + 1) beyond. */
export function tanh(f: FunctionBuilder, input: V128): V128 {
  const x = f.local("v128", input);
  const z = f.local("v128", mul(x, x));
  const tail = polynomial(f, z, [
    -5.70498872745e-3,
    2.06390887954e-2,
    -5.37397155531e-2,
    1.33314422036e-1,
    -3.33332819422e-1,
  ]);
  const small = f.local("v128", add(mul(mul(tail, z), x), x));
  const e = exp(f, add(x, x));
  const large = sub(f.constant(1), div(f.constant(2), add(e, f.constant(1))));
  return v128.bitselect(small, large, v128.lt(v128.abs(x), f.constant(0.625)));
}

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), the logarithm by the series of 2 artanh(t/(2 + t)). */
export function softplus(f: FunctionBuilder, input: V128): V128 {
  return softplusAndSlope(f, input).value;
}

/**
 * {@linkcode softplus} with its derivative 1/(1 + e⁻ˣ), by one exponential.
 *
 * @param multiplyAdd a b + c; default rounded twice.
 */
export function softplusAndSlope(
  f: FunctionBuilder,
  input: V128,
  multiplyAdd: MultiplyAdd = rounded,
): { readonly value: V128; readonly slope: V128 } {
  const x = f.local("v128", input);
  const t = exp(f, v128.neg(v128.abs(x)), multiplyAdd);
  const z = f.local("v128", div(t, add(t, f.constant(2))));
  const squared = f.local("v128", mul(z, z));
  const coefficients = [2 / 15, 2 / 13, 2 / 11, 2 / 9, 2 / 7, 2 / 5, 2 / 3, 2];
  const series = polynomial(f, squared, coefficients, multiplyAdd);
  const above = v128.bitselect(f.constant(1), t, v128.gt(x, f.constant(0)));
  return {
    value: multiplyAdd(z, series, pmax(x, f.constant(0))),
    slope: div(above, add(t, f.constant(1))),
  };
}

/** 1 − e⁻ʸ for y ≥ 0: Taylor's series below 1/2, where the difference would cancel. */
export function oneMinusExpNeg(f: FunctionBuilder, input: V128): V128 {
  const y = f.local("v128", input);
  const series = polynomial(f, y, [
    -1 / 40320,
    1 / 5040,
    -1 / 720,
    1 / 120,
    -1 / 24,
    1 / 6,
    -1 / 2,
    1,
  ]);
  const small = f.local("v128", mul(y, series));
  const large = sub(f.constant(1), exp(f, v128.neg(y)));
  return v128.bitselect(small, large, v128.lt(y, f.constant(0.5)));
}
