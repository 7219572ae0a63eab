/**
 * Convolutions under their names as kernels.
 *
 * @module
 */

import type { Activation, ConvGeometry } from "../../engine.ts";
import { KERNEL } from "../../tfjs/names.ts";
import { type HeapContext, kernel, type Kernels } from "../context.ts";
import { finish } from "../linear.ts";
import { convolve, filterGradient, inputGradient } from "./convolve.ts";
import { convInfo, shapeOfInfo } from "./info.ts";
import { convShape } from "./shape.ts";

/** Kernels of this folder. */
export function convKernels(c: HeapContext): Kernels {
  return { ...shippedNames(c), ...ownNames(c) };
}

/**
 * The kernels of TensorFlow.js. As shipped the wasm backend has no filter gradient, and its forward
 * pass keeps a packed copy of each filter, which costs time and memory when filters change each step.
 */
function shippedNames(c: HeapContext): Kernels {
  return {
    Conv2D: kernel(({ inputs: { x, filter }, attrs }) => {
      const shape = shapeOfInfo(convInfo(c, attrs, x!.shape, filter!.shape, false));
      return convolve(c, shape, x!, filter!, undefined, "identity");
    }),
    Conv2DBackpropInput: kernel(({ inputs: { dy, filter }, attrs }) => {
      const images = attrs.inputShape as number[];
      const shape = shapeOfInfo(convInfo(c, attrs, images, filter!.shape, false));
      return inputGradient(c, shape, dy!, filter!);
    }),
    Conv2DBackpropFilter: kernel(({ inputs: { x, dy }, attrs }) => {
      const extents = attrs.filterShape as number[];
      const shape = shapeOfInfo(convInfo(c, attrs, x!.shape, extents, false));
      return filterGradient(c, shape, x!, dy!);
    }),
  };
}

/** Height and width. */
const extentsOf = (shape: readonly number[]) => [shape[0]!, shape[1]!] as const;

function ownNames(c: HeapContext): Kernels {
  return {
    [KERNEL.conv2d]: kernel(({ inputs: { x, w, b }, attrs }) => {
      const geometry = attrs.geometry as ConvGeometry;
      const shape = convShape(x!.shape, extentsOf(w!.shape), w!.shape[3]!, geometry);
      return convolve(c, shape, x!, w!, b, attrs.activation as Activation);
    }),
    [KERNEL.conv2dTranspose]: kernel(({ inputs: { x, w, b }, attrs }) => {
      const geometry = attrs.geometry as ConvGeometry;
      const extents = attrs.extents as [number, number];
      const images = [x!.shape[0]!, ...extents, w!.shape[2]! * geometry.groups];
      const shape = convShape(images, extentsOf(w!.shape), w!.shape[3]!, geometry);
      const y = inputGradient(c, shape, x!, w!);
      finish(c, y, b, attrs.activation as Activation);
      return y;
    }),
    [KERNEL.conv2dInputGradient]: kernel(({ inputs: { d, w }, attrs }) => {
      const geometry = attrs.geometry as ConvGeometry;
      const images = attrs.inputShape as number[];
      const shape = convShape(images, extentsOf(w!.shape), w!.shape[3]!, geometry);
      return inputGradient(c, shape, d!, w!);
    }),
    [KERNEL.conv2dFilterGradient]: kernel(({ inputs: { x, d }, attrs }) => {
      const geometry = attrs.geometry as ConvGeometry;
      const extents = attrs.extents as [number, number];
      const shape = convShape(x!.shape, extents, d!.shape[3]!, geometry);
      return filterGradient(c, shape, x!, d!);
    }),
  };
}
