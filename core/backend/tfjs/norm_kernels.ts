/**
 * Normalisation and global pooling, composed from plain operations.
 *
 * @module
 */

import type { Activation } from "../engine.ts";
import { activation, activationGradient } from "./activation.ts";
import { KERNEL } from "./names.ts";
import type { Composed, Tf, TfTensor } from "./types.ts";

/** All axes but the last. */
function leading(x: TfTensor): number[] {
  return Array.from({ length: x.rank - 1 }, (_, i) => i);
}

/** Outputs y, mean and variance. */
const batchNorm: Composed = (tf, { x, scale, shift }, a) => {
  const { mean, variance } = tf.moments(x!, leading(x!));
  const standard = tf.mul(tf.sub(x!, mean), tf.rsqrt(tf.add(variance, a.epsilon as number)));
  const y = tf.add(tf.mul(standard, scale!), shift!);
  return [activation(tf, y, a.activation as Activation), mean, variance];
};

/** Outputs the gradients in x, scale and shift. */
const batchNormGrad: Composed = (tf, { dy, y, x, scale, mean, variance }, a) => {
  const axes = leading(x!);
  const d = activationGradient(tf, dy!, y!, a.activation as Activation);
  const inverse = tf.rsqrt(tf.add(variance!, a.epsilon as number));
  const standard = tf.mul(tf.sub(x!, mean!), inverse);
  const shiftGradient = tf.sum(d, axes);
  const scaleGradient = tf.sum(tf.mul(d, standard), axes);
  const count = x!.size / scale!.size;
  const centred = tf.sub(
    d,
    tf.div(tf.add(shiftGradient, tf.mul(standard, scaleGradient)), count),
  );
  return [tf.mul(centred, tf.mul(inverse, scale!)), scaleGradient, shiftGradient];
};

const affine: Composed = (tf, { x, scale, shift }, a) =>
  activation(tf, tf.add(tf.mul(x!, scale!), shift!), a.activation as Activation);

const globalAveragePool = (tf: Tf, x: TfTensor): TfTensor => tf.mean(x, [1, 2]);

/** Each pixel's share of the gradient of the mean. */
const globalAveragePoolGrad: Composed = (tf, { dy }, a) => {
  const [batch, height, width, channels] = a.shape as [number, number, number, number];
  const mean = tf.div(dy!, height * width);
  return tf.tile(tf.reshape(mean, [batch, 1, 1, channels]), [1, height, width, 1]);
};

/** Kernels of this file by name. */
export const normKernels: Readonly<Record<string, Composed>> = {
  [KERNEL.batchNorm]: batchNorm,
  [KERNEL.batchNormGrad]: batchNormGrad,
  [KERNEL.affine]: affine,
  [KERNEL.globalAveragePool]: (tf, { x }) => globalAveragePool(tf, x!),
  [KERNEL.globalAveragePoolGrad]: globalAveragePoolGrad,
};
