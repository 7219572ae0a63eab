/**
 * Elementary functions on four float32 lanes.
 *
 * @module
 */

import { type FunctionBuilder, type V128, v128 } from "../../wasm/mod.ts";

const { add, sub, mul, div, pmax, pmin } = v128;
const constant = v128.const;

/** Horner's rule, highest coefficient first. */
function polynomial(x: V128, coefficients: readonly number[]): V128 {
  const [first, ...rest] = coefficients;
  return rest.reduce((sum, c) => add(mul(sum, x), constant(c)), constant(first!));
}

/**
 * eˣ with a relative error below 2e-7, by reduction to |r| ≤ ln(2)/2 and a polynomial in r (the
 * coefficients of Cephes' expf). Saturates at e^±87.3 instead of running into denormal numbers.
 */
export function exp(f: FunctionBuilder, input: V128): V128 {
  const x = f.local("v128", pmax(pmin(input, constant(87.3)), constant(-87.3)));
  const n = f.local("v128", v128.nearest(mul(x, constant(Math.LOG2E))));
  // ln 2 in two parts, the first short enough for n·(first part) to be exact.
  const high = sub(x, mul(n, constant(0.693359375)));
  const r = f.local("v128", sub(high, mul(n, constant(-2.12194440e-4))));
  const tail = polynomial(r, [
    1.9875691500e-4,
    1.3981999507e-3,
    8.3334519073e-3,
    4.1665795894e-2,
    1.6666665459e-1,
    5.0000001201e-1,
  ]);
  const mantissa = add(add(mul(mul(r, r), tail), r), constant(1));
  const exponent = v128.shlI32(v128.addI32(v128.truncToI32(n), v128.constI32(127)), 23);
  return f.local("v128", mul(mantissa, exponent));
}

/** 1/(1 + e⁻ˣ). */
export function sigmoid(f: FunctionBuilder, x: V128): V128 {
  return div(constant(1), add(constant(1), exp(f, v128.neg(x))));
}

/** tanh x: an odd polynomial for |x| < 0.625 (Cephes' tanhf), 1 − 2/(e²ˣ + 1) beyond. */
export function tanh(f: FunctionBuilder, input: V128): V128 {
  const x = f.local("v128", input);
  const z = f.local("v128", mul(x, x));
  const tail = polynomial(z, [
    -5.70498872745e-3,
    2.06390887954e-2,
    -5.37397155531e-2,
    1.33314422036e-1,
    -3.33332819422e-1,
  ]);
  const small = f.local("v128", add(mul(mul(tail, z), x), x));
  const e = exp(f, add(x, x));
  const large = sub(constant(1), div(constant(2), add(e, constant(1))));
  return v128.bitselect(small, large, v128.lt(v128.abs(x), constant(0.625)));
}

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), the logarithm by the series of 2 artanh(t/(2 + t)). */
export function softplus(f: FunctionBuilder, input: V128): V128 {
  const x = f.local("v128", input);
  const t = exp(f, v128.neg(v128.abs(x)));
  const z = f.local("v128", div(t, add(t, constant(2))));
  const squared = f.local("v128", mul(z, z));
  const series = polynomial(squared, [2 / 15, 2 / 13, 2 / 11, 2 / 9, 2 / 7, 2 / 5, 2 / 3, 2]);
  return add(pmax(x, constant(0)), mul(z, series));
}

/** 1 − e⁻ʸ for y ≥ 0: Taylor's series below 1/2, where the difference would cancel. */
export function oneMinusExpNeg(f: FunctionBuilder, input: V128): V128 {
  const y = f.local("v128", input);
  const series = polynomial(y, [
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
  const large = sub(constant(1), exp(f, v128.neg(y)));
  return v128.bitselect(small, large, v128.lt(y, constant(0.5)));
}
