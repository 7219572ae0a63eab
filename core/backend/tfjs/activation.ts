/**
 * Activations whose derivative is a function of their output, composed from plain operations.
 *
 * @module
 */

import type { Activation } from "../engine.ts";
import type { Tf, TfTensor } from "./types.ts";

/** act(z). */
export function activation(tf: Tf, z: TfTensor, name: Activation): TfTensor {
  switch (name) {
    case "identity":
      return tf.clone(z);
    case "relu":
      return tf.relu(z);
    case "tanh":
      return tf.tanh(z);
    case "sigmoid":
      return tf.sigmoid(z);
    case "softplus":
      return tf.softplus(z);
  }
}

/** dy ∘ act′, where act′ is written in the output y = act(z). */
export function activationGradient(
  tf: Tf,
  dy: TfTensor,
  y: TfTensor,
  name: Activation,
): TfTensor {
  switch (name) {
    case "identity":
      return tf.clone(dy);
    case "relu":
      return tf.mul(dy, tf.step(y));
    case "tanh":
      return tf.mul(dy, tf.sub(1, tf.square(y)));
    case "sigmoid":
      return tf.mul(dy, tf.mul(y, tf.sub(1, y)));
    case "softplus":
      return tf.mul(dy, tf.neg(tf.expm1(tf.neg(y))));
  }
}
