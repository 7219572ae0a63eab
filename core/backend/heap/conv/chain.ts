/**
 * Convolutions through factors: pixels are projected on a basis of the input channels, convolved
 * between the bases, and expanded in a basis of the output channels.
 *
 * @module
 */

import type { Activation, ConvGeometry } from "../../engine.ts";
import { type Held, KERNEL } from "../../tfjs/names.ts";
import { runtimeOf, type TensorInfo } from "../../tfjs/types.ts";
import {
  address,
  type Call,
  type HeapContext,
  kernel,
  type Kernels,
  output,
  release,
  sizeOf,
  withScratch,
} from "../context.ts";
import { convolve, inputGradient } from "./convolve.ts";
import { patchForward } from "./patches.ts";
import { type ConvShape, convShape } from "./shape.ts";

/** Kernels of this file. */
export function chainKernels(c: HeapContext): Kernels {
  return {
    [KERNEL.chainConv2d]: kernel((call) => forward(c, call)),
    [KERNEL.chainConv2dBackward]: kernel((call) => backward(c, call)),
  };
}

const POINT: ConvGeometry = {
  strides: [1, 1],
  padding: { top: 0, bottom: 0, left: 0, right: 0 },
  dilations: [1, 1],
  groups: 1,
};

/** act(x M + b) for every pixel, M at an address. */
function pixels(
  c: HeapContext,
  x: TensorInfo,
  m: number,
  columns: number,
  b: TensorInfo | undefined,
  activation: Activation,
): TensorInfo {
  const y = output(c, [...x.shape.slice(0, 3), columns]);
  const shape = convShape(x.shape, [1, 1], columns, POINT);
  patchForward(c, shape, address(c, x), m, address(c, y), b && address(c, b), activation);
  return y;
}

/** Runs `f` with the address of mᵀ: the product with rows is the faster one. */
function withTransposed<T>(c: HeapContext, m: TensorInfo, f: (at: number) => T): T {
  const [rows, columns] = m.shape as [number, number];
  return withScratch(c, 4 * sizeOf(m.shape), (at) => {
    c.simd.transpose!(at, address(c, m), rows, columns);
    return f(at);
  });
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
  const y = withTransposed(c, v, (vt) => pixels(c, z, vt, v.shape[0]!, b, activation));
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
