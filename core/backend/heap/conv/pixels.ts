/**
 * Products of every pixel of images with a matrix.
 *
 * @module
 */

import type { Activation, ConvGeometry } from "../../engine.ts";
import { KERNEL } from "../../tfjs/names.ts";
import type { TensorInfo } from "../../tfjs/types.ts";
import {
  address,
  type HeapContext,
  kernel,
  type Kernels,
  output,
  sizeOf,
  withScratch,
} from "../context.ts";
import { PER_THREAD, ranges } from "../ranges.ts";
import { patchForward } from "./patches.ts";
import { convShape } from "./shape.ts";

/** Kernels of this file. */
export function pixelKernels(c: HeapContext): Kernels {
  return {
    [KERNEL.pixelProduct]: kernel(({ inputs: { x, m, beside } }) =>
      beside ? joined(c, beside, x!, m!) : product(c, x!, m!)
    ),
    [KERNEL.pixelProductTransposed]: kernel(({ inputs: { x, m } }) =>
      transposedPixels(c, x!, m!, undefined, "identity")
    ),
  };
}

const POINT: ConvGeometry = {
  strides: [1, 1],
  padding: { top: 0, bottom: 0, left: 0, right: 0 },
  dilations: [1, 1],
  groups: 1,
};

function product(c: HeapContext, x: TensorInfo, m: TensorInfo): TensorInfo {
  return pixels(c, x, address(c, m), m.shape[1]!, undefined, "identity");
}

/** act(x M + b) for every pixel, M at an address. */
export function pixels(
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

/** act(x Mᵀ + b) for every pixel: the product with rows is the faster one. */
export function transposedPixels(
  c: HeapContext,
  x: TensorInfo,
  m: TensorInfo,
  b: TensorInfo | undefined,
  activation: Activation,
): TensorInfo {
  const [rows, columns] = m.shape as [number, number];
  return withScratch(c, 4 * sizeOf(m.shape), (at) => {
    c.simd.transpose!(at, address(c, m), rows, columns);
    return pixels(c, x, at, rows, b, activation);
  });
}

/** [known | x M] for every pixel. */
function joined(c: HeapContext, known: TensorInfo, x: TensorInfo, m: TensorInfo): TensorInfo {
  const [inputs, columns] = m.shape as [number, number];
  const before = known.shape.at(-1)!;
  const y = output(c, [...x.shape.slice(0, 3), before + columns]);
  const places = [address(c, y), address(c, known), address(c, x), address(c, m)];
  const rows = sizeOf(x.shape.slice(0, 3));
  const pieces = ranges(rows, c.team.threads * PER_THREAD, 1)
    .map(([first, count]) => [first, count, before, inputs, columns, ...places]);
  c.team.run("pixel-join", pieces);
  return y;
}
