/**
 * The gradient of average pooling with padding.
 *
 * Forward, the shipped kernels divide by the number of entries that lie inside the image; backward
 * they divide by the size of the whole window. At padded edges that is not the derivative.
 *
 * @module
 */

import { correctKernel } from "./correct.ts";
import type { Tf, TfTensor } from "./types.ts";

/** Corrects the kernel of a backend that has the shipped one. Doing it twice changes nothing. */
export function correctAveragePooling(tf: Tf, backend: string): void {
  correctKernel(tf, backend, "AvgPoolGrad", (shipped) => (call) => {
    const { dy, input } = call.inputs as { dy: TfTensor; input: TfTensor };
    const weights = edgeWeights(tf, input.shape, call.attrs as Record<string, unknown>);
    if (!weights) return shipped(call);
    const weighted = tf.tidy(() => tf.mul(dy, tf.tensor4d(weights.data, weights.shape)));
    const dx = shipped({ ...call, inputs: { dy: weighted, input } });
    weighted.dispose();
    return dx;
  });
}

/**
 * Window size over entries inside the image, for every window.
 *
 * @param tf Namespace of the engine package.
 * @param shape Of the image: batch, height, width, channels.
 * @param attrs Attributes of the pooling.
 * @returns A weight per output pixel, that broadcasts; undefined where all windows lie inside.
 */
export function edgeWeights(
  tf: Tf,
  shape: readonly number[],
  attrs: Readonly<Record<string, unknown>>,
): { data: Float32Array; shape: [number, number, number, number] } | undefined {
  const info = tf.backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    attrs.filterSize as number,
    attrs.strides as number,
    1,
    attrs.pad as "same",
    attrs.dimRoundingMode as "floor" | undefined,
  );
  const { outHeight, outWidth, filterHeight, filterWidth, padInfo } = info;
  const rows = inside(outHeight, info.strideHeight, filterHeight, padInfo.top, info.inHeight);
  const columns = inside(outWidth, info.strideWidth, filterWidth, padInfo.left, info.inWidth);
  const full = (counts: number[], size: number) => counts.every((n) => n === size);
  if (full(rows, filterHeight) && full(columns, filterWidth)) return undefined;
  const weight = filterHeight * filterWidth;
  const data = Float32Array.from(rows.flatMap((r) => columns.map((c) => weight / (r * c))));
  return { data, shape: [1, outHeight, outWidth, 1] };
}

/** How many of a window's entries lie inside, for each window along one axis. */
function inside(
  windows: number,
  stride: number,
  size: number,
  before: number,
  n: number,
): number[] {
  return Array.from({ length: windows }, (_, i) => {
    const start = i * stride - before;
    return Math.min(start + size, n) - Math.max(start, 0);
  });
}
