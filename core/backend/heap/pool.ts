/**
 * Maximum pooling and its gradient.
 *
 * The shipped gradient looks for the maximum from the smallest positive number up: windows that are
 * negative throughout get no gradient. Of several largest entries the first gets it.
 *
 * @module
 */

import type { TensorInfo } from "../tfjs/types.ts";
import { address, type Call, type HeapContext, kernel, type Kernels, output } from "./context.ts";
import type { ConvInfo, Shape4 } from "./conv/info.ts";
import { poolNumbers } from "./pool_pieces.ts";
import { rowRanges } from "./ranges.ts";

/** Kernels of this file. */
export function poolKernels(c: HeapContext): Kernels {
  return {
    MaxPool: kernel(({ inputs: { x }, attrs }) => {
      const info = poolInfo(c, x!, attrs);
      const y = output(c, info.outShape);
      runImages(c, info, "max-pool", [x!, y]);
      return y;
    }),
    MaxPoolGrad: kernel(({ inputs: { dy, input, output: y }, attrs }) => {
      const dx = output(c, input!.shape);
      runImages(c, poolInfo(c, input!, attrs), "max-pool-grad", [dx, input!, dy!, y!]);
      return dx;
    }),
  };
}

function poolInfo({ tf }: HeapContext, x: TensorInfo, attrs: Call["attrs"]): ConvInfo {
  return tf.backend_util.computePool2DInfo(
    x.shape as Shape4,
    attrs.filterSize as number,
    attrs.strides as number,
    1,
    attrs.pad as "same",
    attrs.dimRoundingMode as "floor" | undefined,
  );
}

/** Runs a job on ranges of images. */
function runImages(
  c: HeapContext,
  info: ConvInfo,
  job: string,
  tensors: readonly TensorInfo[],
): void {
  const shape = poolNumbers({
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  });
  const places = tensors.map((t) => address(c, t));
  const image = info.inHeight * info.inWidth * info.inChannels;
  const pieces = rowRanges(c.team.threads, info.batchSize, image);
  c.team.run(job, pieces.map(([first, count]) => [...shape, first, count, ...places]));
}
