/**
 * Convolutions and pooling with padding that is given in pixels.
 *
 * The shipped kernels take "same" and "valid" only. Here the image is padded first and the kernel
 * runs as "valid"; a gradient with respect to the image is cut back to its size.
 *
 * @module
 */

import { edgeWeights } from "../tfjs/average_pool.ts";
import type { KernelFunc, Tf, TfTensor } from "../tfjs/types.ts";

/** How a kernel takes and gives images. */
interface Rule {
  /** Operand that is an image to pad; absent where the image's shape is an attribute. */
  readonly image?: "x" | "input";
  /** What the padding is filled with; default 0. */
  readonly fill?: number;
  /** Whether the result is the gradient in the image. */
  readonly cut?: boolean;
  /** Whether averages are to be taken over the entries inside the image. */
  readonly average?: "before" | "after";
}

/** Below every number that is of use, so that padding is never a maximum. */
const LOWEST = -3.4e38;

const RULES: Readonly<Record<string, Rule>> = {
  Conv2D: { image: "x" },
  Conv2DBackpropFilter: { image: "x" },
  Conv2DBackpropInput: { cut: true },
  DepthwiseConv2dNative: { image: "x" },
  DepthwiseConv2dNativeBackpropFilter: { image: "x" },
  DepthwiseConv2dNativeBackpropInput: { cut: true },
  MaxPool: { image: "x", fill: LOWEST },
  MaxPoolGrad: { image: "input", fill: LOWEST, cut: true },
  AvgPool: { image: "x", average: "after" },
  AvgPoolGrad: { image: "input", cut: true, average: "before" },
};

type Shape4 = [number, number, number, number];
type Operands = Record<string, TfTensor>;
type Attributes = Readonly<Record<string, unknown>>;
type Call = Parameters<KernelFunc>[0];

/** The kernels, in the place of the shipped ones, which they call. */
export function paddedKernels(tf: Tf, backend: string): Readonly<Record<string, KernelFunc>> {
  const kernels = Object.entries(RULES).map(([name, rule]) => {
    const shipped = tf.getKernel(name, backend).kernelFunc;
    const kernelFunc: KernelFunc = (call) => {
      const { pad } = call.attrs as Attributes;
      const inPixels = typeof pad === "number" || Array.isArray(pad);
      return inPixels ? tf.tidy(() => runPadded(tf, rule, shipped, call)) : shipped(call);
    };
    return [name, kernelFunc] as const;
  });
  return Object.fromEntries(kernels);
}

function runPadded(tf: Tf, rule: Rule, shipped: KernelFunc, call: Call): TfTensor {
  const inputs = { ...call.inputs } as Operands;
  const attrs = call.attrs as Attributes;
  const shape = (rule.image ? inputs[rule.image]!.shape : attrs.inputShape) as Shape4;
  const [top, bottom, left, right] = paddingOf(tf, shape, inputs, attrs);
  const border: [number, number][] = [[0, 0], [top, bottom], [left, right], [0, 0]];
  if (rule.image) inputs[rule.image] = tf.pad(inputs[rule.image]!, border, rule.fill ?? 0);
  const weights = rule.average && edgeWeights(tf, shape, attrs);
  const weigh = (t: TfTensor) => weights ? tf.mul(t, tf.tensor4d(weights.data, weights.shape)) : t;
  if (rule.average === "before") inputs.dy = weigh(inputs.dy!);
  const inputShape = shape.map((n, i) => n + border[i]![0] + border[i]![1]);
  const valid = { ...attrs, pad: "valid", inputShape };
  const result = shipped({ ...call, inputs, attrs: valid }) as TfTensor;
  if (rule.cut) return tf.slice(result, [0, top, left, 0], shape);
  return rule.average === "after" ? weigh(result) : result;
}

/** Pixels above, below, left and right. */
function paddingOf(tf: Tf, shape: Shape4, inputs: Operands, attrs: Attributes): Shape4 {
  const { top, bottom, left, right } = geometry(tf, shape, inputs, attrs).padInfo;
  return [top, bottom, left, right];
}

function geometry(tf: Tf, shape: Shape4, { filter }: Operands, attrs: Attributes) {
  const util = tf.backend_util;
  const strides = attrs.strides as number;
  const pad = attrs.pad as number;
  const rounding = attrs.dimRoundingMode as "floor" | undefined;
  if (attrs.filterSize !== undefined) {
    return util.computePool2DInfo(shape, attrs.filterSize as number, strides, 1, pad, rounding);
  }
  const filterShape = (filter?.shape ?? attrs.filterShape) as Shape4;
  const dilations = (attrs.dilations ?? 1) as number;
  // The padding does not depend on the channels, which are what depthwise filters differ in.
  return util.computeConv2DInfo(shape, filterShape, strides, dilations, pad, rounding, true);
}
