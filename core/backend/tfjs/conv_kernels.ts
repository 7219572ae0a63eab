/**
 * Convolutions composed from the plain ones of TensorFlow.js, which know neither groups nor, in
 * their gradients, dilations: groups are convolved one by one, dilated kernels are filled up with
 * zeros.
 *
 * @module
 */

import type { Activation, ConvGeometry, Padding } from "../engine.ts";
import { activation } from "./activation.ts";
import { filledExtents, fillUp, takeOut } from "./dilation.ts";
import { type Held, KERNEL } from "./names.ts";
import { type Composed, runtimeOf, type TensorMap, type Tf, type TfTensor } from "./types.ts";

/** Explicit padding as TensorFlow.js takes it. */
type Pads = [[number, number], [number, number], [number, number], [number, number]];

/** Padding of the two inner axes. */
export function padsOf({ top, bottom, left, right }: Padding): Pads {
  return [[0, 0], [top, bottom], [left, right], [0, 0]];
}

function finish(tf: Tf, z: TfTensor, b: TfTensor | undefined, name: unknown): TfTensor {
  return activation(tf, b ? tf.add(z, b) : z, name as Activation);
}

/** Splits the last axis into `parts` equal parts. */
function splitLast(tf: Tf, x: TfTensor, parts: number): TfTensor[] {
  return parts === 1 ? [x] : tf.split(x, parts, x.rank - 1);
}

function oneGroup(tf: Tf, x: TfTensor, w: TfTensor, g: ConvGeometry): TfTensor {
  const filter = fillUp(tf, w, g.dilations);
  return run(tf, "Conv2D", { x, filter }, g, { dilations: 1 });
}

function run(
  tf: Tf,
  kernel: string,
  inputs: TensorMap,
  g: ConvGeometry,
  more: Record<string, unknown>,
): TfTensor {
  const attributes = { strides: [...g.strides], pad: padsOf(g.padding), dataFormat: "NHWC" };
  return runtimeOf(tf).runKernel(kernel, inputs, { ...attributes, ...more }) as TfTensor;
}

/** x ∗ w, group by group. */
function convolve(tf: Tf, x: TfTensor, w: TfTensor, g: ConvGeometry): TfTensor {
  const images = splitLast(tf, x, g.groups);
  const kernels = splitLast(tf, w, g.groups);
  const parts = images.map((image, i) => oneGroup(tf, image, kernels[i]!, g));
  return parts.length === 1 ? parts[0]! : tf.concat(parts, 3);
}

/** Derivative of ⟨d, x ∗ w⟩ in x. */
function inputGradient(
  tf: Tf,
  d: TfTensor,
  w: TfTensor,
  inputShape: readonly number[],
  g: ConvGeometry,
): TfTensor {
  const shape = [...inputShape.slice(0, 3), inputShape[3]! / g.groups];
  const kernels = splitLast(tf, w, g.groups);
  const parts = splitLast(tf, d, g.groups).map((dy, i) => {
    const filter = fillUp(tf, kernels[i]!, g.dilations);
    return run(tf, "Conv2DBackpropInput", { dy, filter }, g, { inputShape: shape });
  });
  return parts.length === 1 ? parts[0]! : tf.concat(parts, 3);
}

/** Derivative of ⟨d, x ∗ w⟩ in w. */
function filterGradient(
  tf: Tf,
  x: TfTensor,
  d: TfTensor,
  [height, width]: readonly [number, number],
  g: ConvGeometry,
): TfTensor {
  const [tall, wide] = filledExtents([height, width], g.dilations);
  const upstream = splitLast(tf, d, g.groups);
  const parts = splitLast(tf, x, g.groups).map((image, i) => {
    const dy = upstream[i]!;
    const filterShape = [tall, wide, image.shape[3]!, dy.shape[3]!];
    const full = run(tf, "Conv2DBackpropFilter", { x: image, dy }, g, { filterShape });
    return takeOut(tf, full, g.dilations);
  });
  return parts.length === 1 ? parts[0]! : tf.concat(parts, 3);
}

/** x M along the last axis. */
function channels(tf: Tf, x: TfTensor, m: TfTensor, transpose = false): TfTensor {
  const rows = tf.reshape(x, [-1, x.shape[x.rank - 1]!]);
  const y = tf.matMul(rows, m, false, transpose);
  return tf.reshape(y, [...x.shape.slice(0, -1), y.shape[1]!]);
}

const conv2d: Composed = (tf, { x, w, b }, a) =>
  finish(tf, convolve(tf, x!, w!, a.geometry as ConvGeometry), b, a.activation);

const conv2dTranspose: Composed = (tf, { x, w, b }, a) => {
  const [height, width] = a.extents as [number, number];
  const geometry = a.geometry as ConvGeometry;
  const shape = [x!.shape[0]!, height, width, w!.shape[2]! * geometry.groups];
  return finish(tf, inputGradient(tf, x!, w!, shape, geometry), b, a.activation);
};

const depthwiseConv2d: Composed = (tf, { x, w, b }, a) => {
  const g = a.geometry as ConvGeometry;
  const filter = fillUp(tf, w!, g.dilations);
  const z = run(tf, "DepthwiseConv2dNative", { x: x!, filter }, g, { dilations: 1 });
  return finish(tf, z, b, a.activation);
};

/** Adds x U and (x U) ∗ core to what is held. */
const chainConv2d: Composed = (tf, { x, u, core, v, b }, a) => {
  const xu = channels(tf, x!, u!);
  const z = convolve(tf, xu, core!, a.geometry as ConvGeometry);
  if (a.held) Object.assign(a.held as Held, { xu: tf.keep(xu), z: tf.keep(z) });
  return finish(tf, channels(tf, z, v!, true), b, a.activation);
};

/** Outputs d V and the gradient in x U. */
const chainConv2dBackward: Composed = (tf, { d, xu, core, v }, a) => {
  const dv = channels(tf, d!, v!);
  return [dv, inputGradient(tf, dv, core!, xu!.shape, a.geometry as ConvGeometry)];
};

const pixelProduct: Composed = (tf, { x, m, beside }) => {
  const y = channels(tf, x!, m!);
  return beside ? tf.concat([beside, y], 3) : y;
};

/** Kernels of this file by name. */
export const convKernels: Readonly<Record<string, Composed>> = {
  [KERNEL.conv2d]: conv2d,
  [KERNEL.conv2dTranspose]: conv2dTranspose,
  [KERNEL.conv2dInputGradient]: (tf, { d, w }, a) =>
    inputGradient(tf, d!, w!, a.inputShape as number[], a.geometry as ConvGeometry),
  [KERNEL.conv2dFilterGradient]: (tf, { x, d }, a) =>
    filterGradient(tf, x!, d!, a.extents as [number, number], a.geometry as ConvGeometry),
  [KERNEL.depthwiseConv2d]: depthwiseConv2d,
  [KERNEL.chainConv2d]: chainConv2d,
  [KERNEL.chainConv2dBackward]: chainConv2dBackward,
  [KERNEL.pixelProduct]: pixelProduct,
  [KERNEL.pixelProductTransposed]: (tf, { x, m }) => channels(tf, x!, m!, true),
};
