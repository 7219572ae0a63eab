/**
 * The gradients of depthwise convolutions with dilation.
 *
 * The shipped kernels, and those of the library under `tensorflow`, look at dilations in the
 * forward pass only: the derivatives that they give are those of a plain kernel.
 *
 * @module
 */

import { correctKernel } from "./correct.ts";
import { filledExtents, fillUp, takeOut } from "./dilation.ts";
import { type KernelFunc, runtimeOf, type TensorInfo, type Tf, type TfTensor } from "./types.ts";

/** Attributes of a kernel. */
type Attributes = Readonly<Record<string, unknown>>;

/** Corrects the kernels of a backend that has the shipped ones. Doing it twice changes nothing. */
export function correctDepthwise(tf: Tf, backend: string): void {
  const correct = (name: string, make: (shipped: KernelFunc, call: Call) => TfTensor) =>
    correctKernel(tf, backend, name, (shipped) => (call) => {
      const plain = dilationsOf(call.attrs as Attributes).every((d) => d === 1);
      return plain ? shipped(call) : tf.tidy(() => make(shipped, call));
    });
  correct("DepthwiseConv2dNativeBackpropInput", (shipped, call) => {
    const { dy, filter } = call.inputs as { dy: TfTensor; filter: TfTensor };
    const attrs = call.attrs as Attributes;
    const inputs = { dy, filter: fillUp(tf, filter, dilationsOf(attrs)) };
    return shipped({ ...call, inputs, attrs: { ...attrs, dilations: 1 } }) as TfTensor;
  });
  correct("DepthwiseConv2dNativeBackpropFilter", (shipped, call) => {
    const attrs = call.attrs as Attributes;
    const dilations = dilationsOf(attrs);
    const [height, width, ...others] = attrs.filterShape as [number, number, number, number];
    const filterShape = [...filledExtents([height, width], dilations), ...others];
    const plain = { ...attrs, dilations: 1, filterShape };
    const full = shipped({ ...call, attrs: plain } as Call) as TfTensor | TensorInfo;
    const tensor = full instanceof tf.Tensor ? full : runtimeOf(tf).makeTensorFromTensorInfo(full);
    return takeOut(tf, tensor, dilations);
  });
}

type Call = Parameters<KernelFunc>[0];

/** Down and across; TensorFlow.js takes one number for both. */
function dilationsOf({ dilations }: Attributes): readonly [number, number] {
  const given = (dilations ?? 1) as number | [number, number];
  return typeof given === "number" ? [given, given] : given;
}
