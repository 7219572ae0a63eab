/**
 * Kernels of training that TensorFlow has as one operation where the composed ones need several.
 *
 * @module
 */

import type { Activation } from "../engine.ts";
import { activation, activationGradient } from "../tfjs/activation.ts";
import { IGNORED } from "../tfjs/checks.ts";
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
  /** Loss of each row and its gradient, and what rows weigh. */
  const crossEntropy = ({ logits, labels }: Operands) => {
    const flat = tf.reshape(tf.cast(labels!, "int32"), [-1]);
    const counts = tf.notEqual(flat, tf.scalar(IGNORED, "int32"));
    const classes = tf.where(counts, flat, tf.zerosLike(flat));
    const rows = tf.reshape(logits!, [-1, logits!.shape.at(-1)!]);
    const name = "SparseSoftmaxCrossEntropyWithLogits";
    const [losses, slopes] = run(name, [rows, classes], [labelType], 2) as [TfTensor, TfTensor];
    const ones = tf.cast(counts, "float32");
    return { losses, slopes, weights: tf.div(ones, tf.maximum(tf.sum(ones), 1)) };
  };

  return {
    ...paddedKernels(tf, "tensorflow"),
    [KERNEL.linear]: kernel(tf, (i, a) => linear(i, a.activation as Activation)),
    [KERNEL.columnSums]: kernel(tf, ({ x }) => columnSums(x!)),
    [KERNEL.activationGrad]: kernel(tf, (i, a) => {
      const d = upstream(i, a.activation as Activation);
      return a.columnSums ? [d, columnSums(d)] : [d];
    }),
    [KERNEL.crossEntropy]: kernel(tf, (i) => {
      const { losses, weights } = crossEntropy(i);
      return tf.sum(tf.mul(losses, weights));
    }),
    [KERNEL.crossEntropyGrad]: kernel(tf, (i) => {
      const { slopes, weights } = crossEntropy(i);
      const scaled = tf.mul(slopes, tf.reshape(tf.mul(weights, i.dy!), [-1, 1]));
      return tf.reshape(scaled, i.logits!.shape);
    }),
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
