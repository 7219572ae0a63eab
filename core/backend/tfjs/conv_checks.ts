/**
 * Checks of the operands of convolutions and pools.
 *
 * @module
 */

import type { ChainKernel, ConvGeometry, Tensor, WindowGeometry } from "../engine.ts";

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

/** Refuses a window that does not fit into the padded image. */
export function expectWindow(
  action: string,
  x: Tensor,
  [height, width]: readonly [number, number],
  { padding, dilations = [1, 1] }: WindowGeometry & Partial<ConvGeometry>,
): void {
  const tall = (height - 1) * dilations[0] + 1;
  const wide = (width - 1) * dilations[1] + 1;
  const rows = x.shape[1]! + padding.top + padding.bottom;
  const columns = x.shape[2]! + padding.left + padding.right;
  if (x.shape.length === 4 && rows >= tall && columns >= wide) return;
  throw new RangeError(
    `Cannot ${action} [${x.shape}]: expected padded images of at least ${tall}×${wide} pixels, ` +
      `got ${rows}×${columns}`,
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
  if (outputs % geometry.groups !== 0 || (b && (b.shape.length !== 1 || b.size !== outputs))) {
    throw new RangeError(
      `Cannot ${action}: expected ${geometry.groups} equal groups of outputs and a bias for each ` +
        `output, got ${outputs} outputs${b ? ` and a bias [${b.shape}]` : ""}`,
    );
  }
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
  const chain = u.shape[1] === core.shape[2] && core.shape[3] === v.shape[1];
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
