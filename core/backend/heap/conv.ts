/**
 * Convolutions as matrix products: patches of the image become rows of a matrix.
 *
 * As shipped the wasm backend has no filter gradient, and its forward pass keeps a packed copy of
 * each filter, which costs time and memory when filters change each step.
 *
 * @module
 */

import { GEOMETRY } from "../simd/conv.ts";
import type { TensorInfo, Tf } from "../tfjs/types.ts";
import {
  address,
  type Call,
  type HeapContext,
  kernel,
  type Kernels,
  output,
  sizeOf,
  withScratch,
} from "./context.ts";

/** Bytes of patch rows to hold at a time, unless one image has more: about a second-level cache. */
const ROWS_BYTES = 2 ** 20;

/** What TensorFlow.js computes about a convolution. */
export type ConvInfo = ReturnType<Tf["backend_util"]["computeConv2DInfo"]>;

/** A 4-d shape. */
export type Shape4 = [number, number, number, number];

/** Kernels of this file. */
export function convKernels(c: HeapContext): Kernels {
  return {
    Conv2D: kernel(({ inputs, attrs }) => {
      const { x, filter } = inputs as Record<"x" | "filter", TensorInfo>;
      return forward(c, x, filter, convInfo(c, attrs, x.shape, filter.shape, false));
    }),
    Conv2DBackpropInput: kernel((call) => inputGradient(c, call)),
    Conv2DBackpropFilter: kernel((call) => filterGradient(c, call)),
  };
}

/** Extents, strides and padding of a convolution from the attributes of its kernel. */
export function convInfo(
  { tf }: HeapContext,
  attrs: Call["attrs"],
  inShape: readonly number[],
  filterShape: readonly number[],
  depthwise: boolean,
): ConvInfo {
  if ((attrs.dataFormat ?? "NHWC") !== "NHWC") {
    throw new RangeError(`Cannot convolve in data format ${attrs.dataFormat}: expected NHWC`);
  }
  return tf.backend_util.computeConv2DInfo(
    inShape as Shape4,
    filterShape as Shape4,
    attrs.strides as [number, number],
    (attrs.dilations ?? 1) as [number, number],
    attrs.pad as "same",
    attrs.dimRoundingMode as "floor" | undefined,
    depthwise,
  );
}

/** Whether patches are pixels: then the image is the matrix of its patches. */
function isPointwise(info: ConvInfo): boolean {
  const { padInfo } = info;
  const ones = info.filterHeight * info.filterWidth * info.strideHeight * info.strideWidth;
  return ones === 1 && padInfo.top + padInfo.bottom + padInfo.left + padInfo.right === 0;
}

/** One image of a batch and how its patches multiply. */
interface Plan {
  /** Rows of the patch matrix per image. */
  readonly pixels: number;
  /** Columns of the patch matrix. */
  readonly patch: number;
  /** Floats of an input image. */
  readonly image: number;
  /** Geometry in the order in which the SIMD kernels take it. */
  readonly geometry: readonly number[];
  /** Images to treat at a time. */
  readonly images: number;
}

function planOf(info: ConvInfo): Plan {
  const named: Record<typeof GEOMETRY[number], number> = {
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
  const pixels = info.outHeight * info.outWidth;
  const patch = info.filterHeight * info.filterWidth * info.inChannels;
  const fitting = Math.floor(ROWS_BYTES / Math.max(1, 4 * pixels * patch));
  return {
    pixels,
    patch,
    image: info.inHeight * info.inWidth * info.inChannels,
    geometry: GEOMETRY.map((name) => named[name]),
    images: Math.min(info.batchSize, Math.max(1, fitting)),
  };
}

/** Runs `f` for groups of images: the index of the first, their number, and scratch for patches. */
function eachGroup(
  c: HeapContext,
  info: ConvInfo,
  plan: Plan,
  f: (first: number, count: number, rows: number) => void,
): void {
  const bytes = isPointwise(info) ? 0 : 4 * plan.images * plan.pixels * plan.patch;
  withScratch(c, bytes, (rows) => {
    for (let first = 0; first < info.batchSize; first += plan.images) {
      f(first, Math.min(plan.images, info.batchSize - first), rows);
    }
  });
}

/** The patches of a group as a matrix, and its address. */
function patches(
  c: HeapContext,
  info: ConvInfo,
  plan: Plan,
  x: number,
  count: number,
  rows: number,
): number {
  if (isPointwise(info)) return x;
  for (let i = 0; i < count; i++) {
    const to = rows + 4 * i * plan.pixels * plan.patch;
    c.simd.image_to_rows!(to, x + 4 * i * plan.image, ...plan.geometry);
  }
  return rows;
}

function forward(
  c: HeapContext,
  x: TensorInfo,
  filter: TensorInfo,
  info: ConvInfo,
): TensorInfo {
  const y = output(c, info.outShape);
  const plan = planOf(info);
  const [px, pw, py] = [address(c, x), address(c, filter), address(c, y)];
  const [k, n] = [plan.patch, info.outChannels];
  eachGroup(c, info, plan, (first, count, rows) => {
    const from = patches(c, info, plan, px + 4 * first * plan.image, count, rows);
    const m = count * plan.pixels;
    c.gemm(false, false, m, n, k, from, k, pw, n, py + 4 * first * plan.pixels * n, n, false);
  });
  return y;
}

/** dW = Σ patches(X)ᵀ dY. */
function filterGradient(c: HeapContext, { inputs: { x, dy }, attrs }: Call): TensorInfo {
  const shape = attrs.filterShape as number[];
  const info = convInfo(c, attrs, x!.shape, shape, false);
  const dw = output(c, shape);
  const plan = planOf(info);
  const [px, pd, pw] = [address(c, x!), address(c, dy!), address(c, dw)];
  const [m, n] = [plan.patch, info.outChannels];
  eachGroup(c, info, plan, (first, count, rows) => {
    const from = patches(c, info, plan, px + 4 * first * plan.image, count, rows);
    const up = pd + 4 * first * plan.pixels * n;
    c.gemm(true, false, m, n, count * plan.pixels, from, m, up, n, pw, n, first > 0);
  });
  return dw;
}

/** dX: each patch of dY Wᵀ is added to the pixels that it came from. */
function inputGradient(c: HeapContext, { inputs: { dy, filter }, attrs }: Call): TensorInfo {
  const shape = attrs.inputShape as number[];
  const info = convInfo(c, attrs, shape, filter!.shape, false);
  const dx = output(c, shape);
  const plan = planOf(info);
  const [pd, pw, px] = [address(c, dy!), address(c, filter!), address(c, dx)];
  const [n, k] = [plan.patch, info.outChannels];
  const direct = isPointwise(info);
  if (!direct) c.heap.backend.wasm.HEAPF32.fill(0, px / 4, px / 4 + sizeOf(shape));
  eachGroup(c, info, plan, (first, count, rows) => {
    const image = px + 4 * first * plan.image;
    const up = pd + 4 * first * plan.pixels * k;
    const to = direct ? image : rows;
    c.gemm(false, true, count * plan.pixels, n, k, up, k, pw, k, to, n, false);
    for (let i = 0; i < count && !direct; i++) {
      const from = rows + 4 * i * plan.pixels * n;
      c.simd.rows_to_image!(from, image + 4 * i * plan.image, ...plan.geometry);
    }
  });
  return dx;
}
