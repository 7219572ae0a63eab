/**
 * The operations that training needs beyond TensorFlow.js, as named kernels: each is composed from
 * plain operations here, and a backend may bring its own faster version under the same name.
 *
 * @module
 */

import type { Activation } from "../engine.ts";
import { activation, activationGradient } from "./activation.ts";
import { attentionKernels } from "./attention_kernels.ts";
import { IGNORED } from "./checks.ts";
import { convKernels } from "./conv_kernels.ts";
import { KERNEL } from "./names.ts";
import { normKernels } from "./norm_kernels.ts";
import { sequenceKernels } from "./sequence_kernels.ts";
import type { Attributes, Composed, KernelFunc, TensorMap, Tf, TfTensor } from "./types.ts";

/** Sums along all axes but the last. */
function columnSums(tf: Tf, x: TfTensor): TfTensor {
  return tf.sum(tf.reshape(x, [-1, x.shape[x.rank - 1]!]), 0);
}

function addBias(tf: Tf, z: TfTensor, b: TfTensor | undefined): TfTensor {
  return b ? tf.add(z, b) : z;
}

const linear: Composed = (tf, { x, w, b }, a) =>
  activation(tf, addBias(tf, tf.matMul(x!, w!), b), a.activation as Activation);

/** Adds X U and X U S to what is held. */
const lowRankLinear: Composed = (tf, { x, u, s, v, b }, a) => {
  const xu = tf.matMul(x!, u!);
  const xus = tf.matMul(xu, s!);
  if (a.held) Object.assign(a.held, { xu: tf.keep(xu), xus: tf.keep(xus) });
  const z = tf.matMul(xus, v!, false, true);
  return activation(tf, addBias(tf, z, b), a.activation as Activation);
};

/** Outputs D V, D V Sᵀ, the column sums of D where asked for and D where it is not dY. */
const lowRankBackward: Composed = (tf, { dy, y, s, v }, a) => {
  const name = a.activation as Activation;
  const d = name === "identity" ? dy! : activationGradient(tf, dy!, y!, name);
  const dv = tf.matMul(d, v!);
  const outputs = [dv, tf.matMul(dv, s!, false, true)];
  if (a.bias) outputs.push(columnSums(tf, d));
  return name === "identity" ? outputs : [...outputs, d];
};

/** Outputs D = dY ∘ act′ and, where asked for, its column sums. */
const activationGrad: Composed = (tf, { dy, y }, a) => {
  const d = activationGradient(tf, dy!, y!, a.activation as Activation);
  return a.columnSums ? [d, columnSums(tf, d)] : [d];
};

/** Logits and labels as rows, and for each row whether it counts, divided by how many do. */
function lossRows(
  tf: Tf,
  { logits, labels }: TensorMap,
): { rows: TfTensor; hot: TfTensor; weights: TfTensor } {
  const classes = logits!.shape.at(-1)!;
  const flat = tf.reshape(tf.cast(labels!, "int32"), [-1]);
  const counts = tf.cast(tf.notEqual(flat, tf.scalar(IGNORED, "int32")), "float32");
  const weights = tf.div(counts, tf.maximum(tf.sum(counts), 1));
  const rows = tf.reshape(logits!, [-1, classes]);
  return { rows, hot: oneHot(tf, flat, classes), weights: tf.reshape(weights, [-1, 1]) };
}

/** Rows with a one for each label; zeros where it is ignored, NaN where it is no class. */
function oneHot(tf: Tf, labels: TfTensor, classes: number): TfTensor {
  const isClass = tf.logicalAnd(tf.greaterEqual(labels, 0), tf.less(labels, classes));
  const known = tf.logicalOr(isClass, tf.equal(labels, tf.scalar(IGNORED, "int32")));
  const mark = tf.where(known, tf.zeros(labels.shape), tf.fill(labels.shape, NaN));
  return tf.add(tf.oneHot(labels, classes), tf.reshape(mark, [-1, 1]));
}

const crossEntropy: Composed = (tf, inputs) => {
  const { rows, hot, weights } = lossRows(tf, inputs);
  return tf.neg(tf.sum(tf.mul(tf.mul(hot, weights), tf.logSoftmax(rows))));
};

const crossEntropyGrad: Composed = (tf, { dy, ...inputs }) => {
  const { rows, hot, weights } = lossRows(tf, inputs);
  const difference = tf.sub(tf.softmax(rows), hot);
  return tf.reshape(tf.mul(difference, tf.mul(weights, dy!)), inputs.logits!.shape);
};

const adaptiveStep: Composed = (tf, { x, m, v }, a) => {
  const { gamma, alpha, delta, epsilon } = a as Record<string, number>;
  const root = tf.add(tf.sqrt(tf.mul(delta!, v!)), epsilon!);
  return tf.sub(tf.mul(gamma!, x!), tf.div(tf.mul(alpha!, m!), root));
};

const COMPOSED: Readonly<Record<string, Composed>> = {
  [KERNEL.activate]: (tf, { x }, a) => activation(tf, x!, a.activation as Activation),
  [KERNEL.activationGrad]: activationGrad,
  [KERNEL.columnSums]: (tf, { x }) => columnSums(tf, x!),
  [KERNEL.linear]: linear,
  [KERNEL.lowRankLinear]: lowRankLinear,
  [KERNEL.lowRankBackward]: lowRankBackward,
  [KERNEL.crossEntropy]: crossEntropy,
  [KERNEL.crossEntropyGrad]: crossEntropyGrad,
  [KERNEL.scale]: (tf, { x }, a) => tf.mul(a.alpha as number, x!),
  [KERNEL.lincomb]: (tf, { x, y }, a) =>
    tf.add(tf.mul(a.alpha as number, x!), tf.mul(a.beta as number, y!)),
  [KERNEL.lincombSquare]: (tf, { v, g }, a) =>
    tf.add(tf.mul(a.alpha as number, v!), tf.mul(a.beta as number, tf.square(g!))),
  [KERNEL.adaptiveStep]: adaptiveStep,
  [KERNEL.norm]: (tf, { x }) => tf.sqrt(tf.sum(tf.square(x!))),
  ...convKernels,
  ...normKernels,
  ...sequenceKernels,
  ...attentionKernels,
};

/**
 * Registers every kernel for a backend: its own version where it has one, else the composed one.
 *
 * @param tf Namespace of the engine package.
 * @param backend TensorFlow.js name of the backend.
 * @param native The backend's own versions by kernel name; other names than those of
 * {@linkcode KERNEL} replace kernels of TensorFlow.js.
 */
export function registerKernels(
  tf: Tf,
  backend: string,
  native: Readonly<Record<string, KernelFunc>> = {},
): void {
  for (const [name, compute] of Object.entries(COMPOSED)) {
    if (native[name]) continue;
    const kernelFunc: KernelFunc = ({ inputs, attrs }) =>
      tf.tidy(() => compute(tf, inputs as TensorMap, (attrs ?? {}) as Attributes));
    replaceKernel(tf, backend, name, kernelFunc);
  }
  for (const [name, kernelFunc] of Object.entries(native)) {
    replaceKernel(tf, backend, name, kernelFunc);
  }
}

/**
 * Registers a kernel, taking the place of one that is there. The set-up of the one that goes still
 * runs: the new one may fall back on it.
 */
function replaceKernel(
  tf: Tf,
  backend: string,
  kernelName: string,
  kernelFunc: KernelFunc,
): void {
  const previous = tf.getKernel(kernelName, backend);
  if (previous) tf.unregisterKernel(kernelName, backend);
  const setup = previous?.setupFunc ? { setupFunc: previous.setupFunc } : {};
  tf.registerKernel({ kernelName, backendName: backend, kernelFunc, ...setup });
}
