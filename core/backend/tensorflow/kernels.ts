/**
 * Kernels of training that TensorFlow has as one operation where the composed ones need several.
 *
 * @module
 */

import type { Activation } from "../engine.ts";
import { activation, activationGradient } from "../tfjs/activation.ts";
import { KERNEL } from "../tfjs/names.ts";
import type { KernelFunc, Tf, TfTensor } from "../tfjs/types.ts";
import type { TensorflowBackend } from "./addon.ts";
import { attributesOf, operationsOf } from "./operations.ts";
import { paddedKernels } from "./padding.ts";

/** Operations that return dY ∘ act′ from Y and dY, with the order in which they take the two. */
const GRADIENTS: Partial<Record<Activation, { name: string; order: "dy,y" | "y,dy" }>> = {
  relu: { name: "ReluGrad", order: "dy,y" },
  tanh: { name: "TanhGrad", order: "y,dy" },
  sigmoid: { name: "SigmoidGrad", order: "y,dy" },
};

/** Named operands of a kernel call. */
type Operands = Record<string, TfTensor>;

/** The backend's own kernels by name. */
export function tensorflowKernels(
  tf: Tf,
  backend: TensorflowBackend,
): Readonly<Record<string, KernelFunc>> {
  const run = operationsOf(backend);
  const { labels: labelType } = attributesOf(backend);

  const linear = ({ x, w, b }: Operands, name: Activation): TfTensor => {
    const z = tf.matMul(x!, w!);
    return activation(tf, b ? run("BiasAdd", [z, b])[0]! : z, name);
  };
  const upstream = ({ dy, y }: Operands, name: Activation): TfTensor => {
    const gradient = GRADIENTS[name];
    if (!gradient) return activationGradient(tf, dy!, y!, name);
    return run(gradient.name, gradient.order === "dy,y" ? [dy, y] : [y, dy])[0]!;
  };
  const columnSums = (x: TfTensor): TfTensor => run("BiasAddGrad", [x])[0]!;
  /** Loss of each row and its gradient. */
  const crossEntropy = ({ logits, labels }: Operands): TfTensor[] => {
    const classes = tf.cast(labels!, "int32");
    const name = "SparseSoftmaxCrossEntropyWithLogits";
    return run(name, [logits, classes], [labelType], 2);
  };

  return {
    ...paddedKernels(tf, "tensorflow"),
    [KERNEL.linear]: kernel(tf, (i, a) => linear(i, a.activation as Activation)),
    [KERNEL.columnSums]: kernel(tf, ({ x }) => columnSums(x!)),
    [KERNEL.activationGrad]: kernel(tf, (i, a) => {
      const d = upstream(i, a.activation as Activation);
      return a.columnSums ? [d, columnSums(d)] : [d];
    }),
    [KERNEL.crossEntropy]: kernel(tf, (i) => tf.mean(crossEntropy(i)[0]!)),
    [KERNEL.crossEntropyGrad]: kernel(
      tf,
      (i) => tf.mul(crossEntropy(i)[1]!, tf.div(i.dy!, i.logits!.shape[0]!)),
    ),
  };
}

/** A kernel whose intermediate results are freed. */
function kernel(
  tf: Tf,
  compute: (inputs: Operands, attributes: Record<string, unknown>) => TfTensor | TfTensor[],
): KernelFunc {
  return ({ inputs, attrs }) =>
    tf.tidy(() => compute(inputs as Operands, (attrs ?? {}) as Record<string, unknown>));
}
