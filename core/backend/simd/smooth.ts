/**
 * Smooth activations whose derivative is a function of their input.
 *
 * @module
 */

import {
  exp,
  type FunctionBuilder,
  type MultiplyAdd,
  polynomial,
  rounded,
  type V128,
  v128,
} from "../../wasm/mod.ts";
import { SMOOTH_FORMS, type SmoothForm, TANGENT_CUBE, TANGENT_SCALE } from "../tfjs/smooth.ts";
import { elementwise } from "./elementwise.ts";

const { add, sub, mul, div } = v128;

/** A function and its slope at x, both in terms of what they share. */
interface ValueAndSlope {
  value(): V128;
  slope(): V128;
}

/** x σ(z) with z and z′ functions of x: the tangent form too, as ½(1 + tanh u) = σ(2u). */
function gated(
  f: FunctionBuilder,
  x: V128,
  z: V128,
  zSlope: () => V128,
  multiplyAdd: MultiplyAdd,
): ValueAndSlope {
  const e = exp(f, v128.neg(z), multiplyAdd);
  const gate = f.local("v128", div(f.constant(1), add(f.constant(1), e)));
  return {
    value: () => mul(x, gate),
    // σ′ = e^−z σ²: one minus σ would cancel.
    slope: () => mul(gate, multiplyAdd(mul(x, zSlope()), mul(e, gate), f.constant(1))),
  };
}

/** 2 √(2/π)(x + 0.044715 x³), the argument of σ in the tangent form. */
function tangentGate(f: FunctionBuilder, x: V128, multiplyAdd: MultiplyAdd): ValueAndSlope {
  const [a, b] = [2 * TANGENT_SCALE, 2 * TANGENT_SCALE * TANGENT_CUBE];
  const square = f.local("v128", mul(x, x));
  const z = f.local("v128", mul(x, multiplyAdd(square, f.constant(b), f.constant(a))));
  const slope = () => multiplyAdd(square, f.constant(3 * b), f.constant(a));
  return gated(f, x, z, slope, multiplyAdd);
}

/** How fast the variable of {@linkcode TAIL} falls: 0.36/√2. */
const TAIL_RATE = 0.36 * Math.SQRT1_2;
/**
 * ½ erfc(t) e^t² / s as a polynomial in s = 1/(1 + 0.36 t), highest power first: it interpolates at
 * the zeros of Chebyshev's polynomial, with a relative error below 5e-8 for all t ≥ 0.
 */
const TAIL = [
  ...[0.038291579252, -0.14496604393, 0.14939233426, -0.035069668074, 0.11057932747],
  ...[0.121407537, 0.16423815898, 0.18990935081, 0.20310921266, 0.20310824544],
].map((c) => c / 2);

/** x Φ(x) and Φ(x) + x φ(x). */
function normalGate(f: FunctionBuilder, x: V128, multiplyAdd: MultiplyAdd): ValueAndSlope {
  const one = f.constant(1);
  const s = f.local("v128", div(one, multiplyAdd(v128.abs(x), f.constant(TAIL_RATE), one)));
  const bell = exp(f, mul(mul(x, x), f.constant(-0.5)), multiplyAdd);
  const tail = f.local("v128", mul(mul(polynomial(f, s, TAIL, multiplyAdd), s), bell));
  const below = v128.lt(x, v128.const(0));
  const distribution = f.local("v128", v128.bitselect(tail, sub(one, tail), below));
  const density = () => mul(bell, f.constant(1 / Math.sqrt(2 * Math.PI)));
  return {
    value: () => mul(x, distribution),
    slope: () => multiplyAdd(x, density(), distribution),
  };
}

function smooth(
  f: FunctionBuilder,
  form: SmoothForm,
  input: V128,
  multiplyAdd: MultiplyAdd,
): ValueAndSlope {
  const x = f.local("v128", input);
  switch (form) {
    case "gelu-exact":
      return normalGate(f, x, multiplyAdd);
    case "gelu-tanh":
      return tangentGate(f, x, multiplyAdd);
    case "silu":
      return gated(f, x, x, () => f.constant(1), multiplyAdd);
  }
}

/**
 * Every kernel of this file by its exported name: "smooth_" and "smooth_grad_" with a form.
 *
 * @param fused Whether to use the fused multiply-add of relaxed SIMD.
 */
export function smoothKernels(fused: boolean): Record<string, FunctionBuilder> {
  const multiplyAdd = fused ? v128.relaxedMadd : rounded;
  return Object.fromEntries(SMOOTH_FORMS.flatMap((form) => [
    [
      `smooth_${form}`,
      elementwise(1, 0, (f, [x]) => smooth(f, form, x!, multiplyAdd).value()),
    ],
    [
      `smooth_grad_${form}`,
      elementwise(2, 0, (f, [dy, x]) => mul(dy!, smooth(f, form, x!, multiplyAdd).slope())),
    ],
  ]));
}
