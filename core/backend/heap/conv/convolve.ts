/**
 * A convolution and its gradients, each by the way that suits its shape.
 *
 * @module
 */

import type { Activation } from "../../engine.ts";
import type { TensorInfo } from "../../tfjs/types.ts";
import { address, type HeapContext, output, sizeOf } from "../context.ts";
import { finish } from "../linear.ts";
import { patchFilterGradient, patchForward, patchInputGradient } from "./patches.ts";
import { type ConvShape, filterShape, inShape, outShape } from "./shape.ts";
import {
  suitsUnrolled,
  unrolledFilterGradient,
  unrolledForward,
  unrolledInputGradient,
} from "./unrolled.ts";
import {
  suitsWinograd,
  winogradFilterGradient,
  winogradForward,
  winogradInputGradient,
} from "./winograd.ts";

/** Activations that are a lower bound. */
const FLOORS: Partial<Record<Activation, number>> = { identity: -Infinity, relu: 0 };

/** Which of three ways suits a shape. */
function wayOf<T>(s: ConvShape, winograd: T, unrolled: T, patches: T): T {
  return suitsWinograd(s) ? winograd : suitsUnrolled(s) ? unrolled : patches;
}

/** act(x ∗ w + b). */
export function convolve(
  c: HeapContext,
  s: ConvShape,
  x: TensorInfo,
  w: TensorInfo,
  b: TensorInfo | undefined,
  activation: Activation,
): TensorInfo {
  const y = output(c, outShape(s));
  if (sizeOf(y.shape) === 0) return y;
  const [px, pw, py] = [address(c, x), address(c, w), address(c, y)];
  const bias = b && address(c, b);
  if (suitsWinograd(s)) {
    const floor = FLOORS[activation];
    winogradForward(c, s, px, pw, py, bias, floor ?? -Infinity);
    if (floor === undefined) finish(c, y, undefined, activation);
  } else if (suitsUnrolled(s)) {
    unrolledForward(c, s, px, pw, py);
    finish(c, y, b, activation);
  } else patchForward(c, s, px, pw, py, bias, activation);
  return y;
}

/** Derivative of ⟨d, x ∗ w⟩ in x. */
export function inputGradient(
  c: HeapContext,
  s: ConvShape,
  d: TensorInfo,
  w: TensorInfo,
): TensorInfo {
  const dx = output(c, inShape(s));
  if (sizeOf(dx.shape) === 0) return dx;
  const way = wayOf(s, winogradInputGradient, unrolledInputGradient, patchInputGradient);
  way(c, s, address(c, d), address(c, w), address(c, dx));
  return dx;
}

/** Derivative of ⟨d, x ∗ w⟩ in w. */
export function filterGradient(
  c: HeapContext,
  s: ConvShape,
  x: TensorInfo,
  d: TensorInfo,
): TensorInfo {
  const dw = output(c, filterShape(s));
  if (sizeOf(dw.shape) === 0) return dw;
  if (sizeOf(d.shape) === 0) {
    c.simd.zero!(address(c, dw), sizeOf(dw.shape));
    return dw;
  }
  const way = wayOf(s, winogradFilterGradient, unrolledFilterGradient, patchFilterGradient);
  way(c, s, address(c, x), address(c, d), address(c, dw));
  return dw;
}
