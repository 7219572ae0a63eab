/**
 * What TensorFlow.js computes about a convolution.
 *
 * @module
 */

import type { Tf } from "../../tfjs/types.ts";
import type { Call, HeapContext } from "../context.ts";
import type { ConvShape } from "./shape.ts";

/** Extents, strides and padding as TensorFlow.js names them. */
export type ConvInfo = ReturnType<Tf["backend_util"]["computeConv2DInfo"]>;

/** A 4-d shape. */
export type Shape4 = [number, number, number, number];

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

/** The same in our names. */
export function shapeOfInfo(info: ConvInfo): ConvShape {
  return {
    batch: info.batchSize,
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outputs: info.outChannels,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
    groups: 1,
  };
}
