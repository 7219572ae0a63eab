/**
 * The gradient of maximum pooling.
 *
 * The shipped kernel looks for the maximum from the smallest positive number up: windows that are
 * negative throughout get no gradient.
 *
 * @module
 */

import type { TensorInfo } from "../tfjs/types.ts";
import {
  address,
  type Call,
  type HeapContext,
  kernel,
  type Kernels,
  output,
  sizeOf,
} from "./context.ts";
import type { ConvInfo, Shape4 } from "./conv/info.ts";

/** Kernels of this file. */
export function poolKernels(c: HeapContext): Kernels {
  return { MaxPoolGrad: kernel((call) => maxPoolGrad(c, call)) };
}

function maxPoolGrad(c: HeapContext, { inputs: { dy, input }, attrs }: Call): TensorInfo {
  const info = c.tf.backend_util.computePool2DInfo(
    input!.shape as Shape4,
    attrs.filterSize as number,
    attrs.strides as number,
    1,
    attrs.pad as "same",
    attrs.dimRoundingMode as "floor" | undefined,
  );
  const dx = output(c, input!.shape);
  const [px, pd, pz] = [input!, dy!, dx].map((t) => address(c, t) / 4) as [number, number, number];
  const floats = c.heap.backend.wasm.HEAPF32;
  floats.fill(0, pz, pz + sizeOf(dx.shape));
  eachWindow(info, (first, rows, columns, out) => {
    for (let channel = 0; channel < info.inChannels; channel++) {
      const at = largest(floats, px + first + channel, info, rows, columns);
      floats[at - px + pz]! += floats[pd + out + channel]!;
    }
  });
  return dx;
}

/** Index of the first largest entry of a window in one channel. */
function largest(
  floats: Float32Array,
  first: number,
  info: ConvInfo,
  rows: number,
  columns: number,
): number {
  let best = first;
  for (let i = 0; i < rows; i++) {
    const line = first + i * info.inWidth * info.inChannels;
    for (let j = 0; j < columns; j++) {
      const at = line + j * info.inChannels;
      if (floats[at]! > floats[best]!) best = at;
    }
  }
  return best;
}

/**
 * Calls `f` for each window clipped to the image: the index of its first entry in the input, its
 * extents, and the index of its result in the output.
 */
function eachWindow(
  info: ConvInfo,
  f: (first: number, rows: number, columns: number, out: number) => void,
): void {
  let out = 0;
  for (let image = 0; image < info.batchSize; image++) {
    for (let oh = 0; oh < info.outHeight; oh++) {
      const top = oh * info.strideHeight - info.padInfo.top;
      const y = Math.max(0, top);
      const rows = Math.min(info.inHeight, top + info.filterHeight) - y;
      for (let ow = 0; ow < info.outWidth; ow++, out += info.inChannels) {
        const left = ow * info.strideWidth - info.padInfo.left;
        const x = Math.max(0, left);
        const columns = Math.min(info.inWidth, left + info.filterWidth) - x;
        const first = ((image * info.inHeight + y) * info.inWidth + x) * info.inChannels;
        f(first, rows, columns, out);
      }
    }
  }
}
