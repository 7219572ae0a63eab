/**
 * Convolutions through factors: pixels are projected on a basis of the input channels, convolved
 * between the bases, and expanded in a basis of the output channels.
 *
 * @module
 */

import type { Activation, ConvGeometry } from "../../engine.ts";
import { type Held, KERNEL } from "../../tfjs/names.ts";
import { runtimeOf, type TensorInfo } from "../../tfjs/types.ts";
import { address, type Call, type HeapContext, kernel, type Kernels, release } from "../context.ts";
import { convolve, inputGradient } from "./convolve.ts";
import { pixels, transposedPixels } from "./pixels.ts";
import { type ConvShape, convShape } from "./shape.ts";

/** Kernels of this file. */
export function chainKernels(c: HeapContext): Kernels {
  return {
    [KERNEL.chainConv2d]: kernel((call) => forward(c, call)),
    [KERNEL.chainConv2dBackward]: kernel((call) => backward(c, call)),
  };
}

function coreShape(x: TensorInfo, core: TensorInfo, geometry: unknown): ConvShape {
  const [height, width, , outputs] = core.shape as [number, number, number, number];
  return convShape(x.shape, [height, width], outputs, geometry as ConvGeometry);
}

/** act(((x U) ∗ core) Vᵀ + b); x U and (x U) ∗ core join what is held, where something is. */
function forward(c: HeapContext, { inputs, attrs }: Call): TensorInfo {
  const { x, u, core, v, b } = inputs as Record<"x" | "u" | "core" | "v", TensorInfo> & {
    b?: TensorInfo;
  };
  const xu = pixels(c, x, address(c, u), u.shape[1]!, undefined, "identity");
  const z = convolve(c, coreShape(xu, core, attrs.geometry), xu, core, undefined, "identity");
  const activation = attrs.activation as Activation;
  const y = transposedPixels(c, z, v, b, activation);
  const held = attrs.held as Held | undefined;
  for (const [name, t] of Object.entries({ xu, z })) {
    if (held) held[name] = c.tf.keep(runtimeOf(c.tf).makeTensorFromTensorInfo(t));
    else release(c, t);
  }
  return y;
}

/** Outputs d V and the gradient in x U. */
function backward(c: HeapContext, { inputs, attrs }: Call): TensorInfo[] {
  const { d, xu, core, v } = inputs as Record<"d" | "xu" | "core" | "v", TensorInfo>;
  const dv = pixels(c, d, address(c, v), v.shape[1]!, undefined, "identity");
  return [dv, inputGradient(c, coreShape(xu, core, attrs.geometry), dv, core)];
}
