/**
 * The numbers that say what is convolved.
 *
 * @module
 */

import type { ConvGeometry } from "../../engine.ts";

/** The names of {@linkcode ConvShape}, in the order in which pieces have them. */
const NAMES = [
  "batch",
  "height",
  "width",
  "channels",
  "outHeight",
  "outWidth",
  "outputs",
  "filterHeight",
  "filterWidth",
  "strideHeight",
  "strideWidth",
  "dilationHeight",
  "dilationWidth",
  "padTop",
  "padLeft",
  "groups",
] as const;

/** Extents, strides, dilations, padding and groups of a convolution. */
export type ConvShape = Readonly<Record<typeof NAMES[number], number>>;

/** How many numbers a shape is. */
export const SHAPE_NUMBERS: number = NAMES.length;

/** A shape as numbers. */
export function shapeNumbers(shape: ConvShape): number[] {
  return NAMES.map((name) => shape[name]);
}

/** The shape that numbers are. */
export function shapeOf(numbers: readonly number[]): ConvShape {
  return Object.fromEntries(NAMES.map((name, i) => [name, numbers[i]!])) as unknown as ConvShape;
}

function outExtent(n: number, pads: number, size: number, stride: number, dilation: number) {
  return Math.floor((n + pads - ((size - 1) * dilation + 1)) / stride) + 1;
}

/**
 * The shape of a convolution.
 *
 * @param x Extents of the images, batch×height×width×in.
 * @param extents Height and width of the kernel.
 * @param outputs Output channels.
 */
export function convShape(
  x: readonly number[],
  [filterHeight, filterWidth]: readonly [number, number],
  outputs: number,
  { strides, padding, dilations, groups }: ConvGeometry,
): ConvShape {
  const [batch, height, width, channels] = x as [number, number, number, number];
  const { top, bottom, left, right } = padding;
  return {
    batch,
    height,
    width,
    channels,
    outHeight: outExtent(height, top + bottom, filterHeight, strides[0], dilations[0]),
    outWidth: outExtent(width, left + right, filterWidth, strides[1], dilations[1]),
    outputs,
    filterHeight,
    filterWidth,
    strideHeight: strides[0],
    strideWidth: strides[1],
    dilationHeight: dilations[0],
    dilationWidth: dilations[1],
    padTop: top,
    padLeft: left,
    groups,
  };
}

/** Shape of the result. */
export function outShape(s: ConvShape): number[] {
  return [s.batch, s.outHeight, s.outWidth, s.outputs];
}

/** Shape of the kernel. */
export function filterShape(s: ConvShape): number[] {
  return [s.filterHeight, s.filterWidth, s.channels / s.groups, s.outputs];
}

/** Shape of the images. */
export function inShape(s: ConvShape): number[] {
  return [s.batch, s.height, s.width, s.channels];
}
