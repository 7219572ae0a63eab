/**
 * Checks of the operands of convolutions and pools.
 *
 * @module
 */

import { checkInteger } from "../../checks.ts";
import type { ChainKernel, ConvGeometry, Padding, Tensor, WindowGeometry } from "../engine.ts";

/** Refuses what is not a batch of images with the channels that a kernel takes. */
export function expectChannels(
  action: string,
  x: Tensor,
  channels: number | undefined,
  kernel: readonly number[] | undefined,
): void {
  const fits = x.shape.length === 4 && x.shape[3] === channels;
  if (fits && (!kernel || kernel.length === 4)) return;
  throw new RangeError(
    `Cannot ${action}: expected images batch×height×width×${channels ?? "channels"}, got ` +
      `[${x.shape}]${kernel ? ` for a kernel [${kernel}]` : ""}`,
  );
}

/** Strides, padding, dilations and groups, of which windows of pools have the first two. */
type Geometry = WindowGeometry & Partial<ConvGeometry>;

const SIDES = ["top", "bottom", "left", "right"] as const;

/** Refuses numbers that are none of a window. */
function expectGeometry(
  action: string,
  extents: readonly number[],
  { strides, padding, dilations = [1, 1], groups = 1 }: Geometry,
): void {
  for (const n of extents) checkInteger(action, "the window's extents", n);
  for (const n of strides) checkInteger(action, "strides", n);
  for (const n of dilations) checkInteger(action, "dilations", n);
  for (const side of SIDES) checkInteger(action, `padding.${side}`, padding[side], { least: 0 });
  checkInteger(action, "groups", groups);
}

/** Height and width of images with their padding. */
function padded(x: readonly number[], { top, bottom, left, right }: Padding): [number, number] {
  return [x[1]! + top + bottom, x[2]! + left + right];
}

/** Height and width that a window covers. */
function reach([height, width]: readonly number[], { dilations = [1, 1] }: Geometry) {
  return [(height! - 1) * dilations[0] + 1, (width! - 1) * dilations[1] + 1] as const;
}

/** Height and width of what a window leaves of images. */
function outExtents(
  x: readonly number[],
  extents: readonly number[],
  g: Geometry,
): [number, number] {
  const [room, size] = [padded(x, g.padding), reach(extents, g)];
  const along = (i: 0 | 1): number => Math.floor((room[i] - size[i]) / g.strides[i]) + 1;
  return [along(0), along(1)];
}

/** Refuses a geometry that is none, and a window that does not fit into the padded images. */
export function expectWindow(
  action: string,
  { shape }: Pick<Tensor, "shape">,
  extents: readonly number[],
  geometry: Geometry,
): void {
  expectGeometry(action, extents, geometry);
  const [tall, wide] = reach(extents, geometry);
  const [rows, columns] = padded(shape, geometry.padding);
  if (shape.length === 4 && rows >= tall && columns >= wide) return;
  throw new RangeError(
    `Cannot ${action} [${shape}]: expected padded images of at least ${tall}×${wide} pixels, ` +
      `got ${rows}×${columns}`,
  );
}

/** Refuses windows of a pool that do not fit, and padding that holds whole windows. */
export function expectPool(
  x: Tensor,
  size: readonly [number, number],
  geometry: WindowGeometry,
): void {
  expectWindow("pool", x, size, geometry);
  const { top, bottom, left, right } = geometry.padding;
  if (Math.max(top, bottom) < size[0] && Math.max(left, right) < size[1]) return;
  throw new RangeError(
    `Cannot pool [${x.shape}]: expected less padding than the window of ${size[0]}×${size[1]}, ` +
      `got ${
        SIDES.map((side) => `${side} ${geometry.padding[side]}`).join(", ")
      }: windows without ` +
      "a pixel have no entries",
  );
}

/** Refuses a bias that does not fit. */
function expectBias(action: string, b: Tensor | null, outputs: number): void {
  if (!b || (b.shape.length === 1 && b.size === outputs)) return;
  throw new RangeError(
    `Cannot ${action}: expected a bias for each of ${outputs} outputs, got [${b.shape}]`,
  );
}

/** Refuses a kernel or a bias that does not fit the images. */
export function expectKernel(
  action: string,
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  geometry: ConvGeometry,
): void {
  const [height, width, inputs, outputs] = w.shape as [number, number, number, number];
  expectChannels(action, x, inputs * geometry.groups, w.shape);
  expectWindow(action, x, [height, width], geometry);
  expectGroups(action, outputs, geometry);
  expectBias(action, b, outputs);
}

function expectGroups(action: string, outputs: number, { groups }: ConvGeometry): void {
  if (outputs % groups === 0) return;
  throw new RangeError(
    `Cannot ${action}: expected ${groups} equal groups of outputs, got ${outputs} outputs`,
  );
}

/** Refuses a kernel of channels by themselves, or a bias, that does not fit the images. */
export function expectDepthwise(
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  geometry: ConvGeometry,
): void {
  const action = "convolve channel by channel";
  const [height, width, channels, multiplier] = w.shape as [number, number, number, number];
  expectChannels(action, x, channels, w.shape);
  expectWindow(action, x, [height, width], geometry);
  expectBias(action, b, channels * multiplier);
}

/** Refuses images that are none of the output of a convolution of images of the other shape. */
function expectOutput(
  action: string,
  y: Tensor,
  images: readonly number[],
  extents: readonly number[],
  geometry: ConvGeometry,
): void {
  expectWindow(action, { shape: images }, extents, geometry);
  const [height, width] = outExtents(images, extents, geometry);
  const fits = y.shape.length === 4 && y.shape[0] === images[0] && y.shape[1] === height &&
    y.shape[2] === width;
  if (fits) return;
  throw new RangeError(
    `Cannot ${action}: expected images ${
      images[0]
    }×${height}×${width}×channels, which the kernel ` +
      `leaves of [${images}], got [${y.shape}]`,
  );
}

/** Refuses a kernel, extents or a bias that do not fit the images of an adjoint. */
export function expectTranspose(
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  extents: readonly [number, number],
  geometry: ConvGeometry,
): void {
  const action = "convolve with the transpose";
  const [height, width, perGroup, inputs] = w.shape as [number, number, number, number];
  expectChannels(action, x, inputs, w.shape);
  for (const n of extents) checkInteger(action, "the result's extents", n);
  const images = [x.shape[0]!, ...extents, perGroup * geometry.groups];
  expectOutput(action, x, images, [height, width], geometry);
  expectGroups(action, inputs, geometry);
  expectBias(action, b, perGroup * geometry.groups);
}

/** Refuses images that no convolution with such a kernel connects. */
export function expectImagePair(
  x: Tensor,
  d: Tensor,
  extents: readonly [number, number],
  geometry: ConvGeometry,
): void {
  const action = "differentiate a convolution";
  expectChannels(action, x, x.shape[3], undefined);
  expectOutput(action, d, x.shape, extents, geometry);
  expectGroups(action, d.shape[3]!, geometry);
  if (x.shape[3]! % geometry.groups === 0) return;
  throw new RangeError(
    `Cannot ${action}: expected ${geometry.groups} equal groups of channels, got ${x.shape[3]}`,
  );
}

/** Refuses factors that do not chain. */
export function expectChainKernel(
  x: Tensor,
  { u, core, v }: ChainKernel,
  b: Tensor | null,
  geometry: ConvGeometry,
): void {
  const action = "convolve with factors";
  expectChannels(action, x, u.shape[0], core.shape);
  expectWindow(action, x, [core.shape[0]!, core.shape[1]!], geometry);
  const chain = u.shape.length + v.shape.length === 4 && u.shape[1] === core.shape[2] &&
    core.shape[3] === v.shape[1];
  if (chain && geometry.groups === 1 && (!b || b.size === v.shape[0])) return;
  throw new RangeError(
    `Cannot ${action}: expected one group, factors in×r, height×width×r×q, out×q and a bias of ` +
      `out, got ${geometry.groups} groups, [${u.shape}], [${core.shape}], [${v.shape}]` +
      `${b ? ` and [${b.shape}]` : ""}`,
  );
}

/** Refuses a matrix that does not fit the pixels, and images that do not fit beside the product. */
export function expectPixelProduct(x: Tensor, m: Tensor, beside: Tensor | undefined): void {
  const fits = x.shape.length === 4 && m.shape.length === 2 && x.shape[3] === m.shape[0];
  const alike = !beside || beside.shape.length === 4 &&
      beside.shape.slice(0, 3).every((n, i) => n === x.shape[i]);
  if (fits && alike) return;
  throw new RangeError(
    `Cannot multiply pixels: expected images batch×height×width×n, a matrix n×k and images of the ` +
      `same extents beside, got [${x.shape}], [${m.shape}]${
        beside ? ` and [${beside.shape}]` : ""
      }`,
  );
}
