/**
 * Operations that are a few of the engine's own in a row.
 *
 * @module
 */

import { checkInteger } from "../../checks.ts";
import type { Tf, TfTensor } from "./types.ts";

/** (x − mean) / √(variance + ε) with both taken over `axes`. */
export function standardise(
  tf: Tf,
  x: TfTensor,
  axes: readonly number[],
  epsilon: number,
): TfTensor {
  const { mean, variance } = tf.moments(x, [...axes], true);
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
}

/** Rows of zeros with a one where each index says, as floats. */
export function oneHot(tf: Tf, indices: TfTensor, depth: number): TfTensor {
  checkInteger("make one-hot rows", "depth", depth);
  // tfjs refuses a single class.
  if (depth === 1) return tf.ones([...indices.shape, 1]);
  // Asked for floats at once, tfjs-wasm writes the bits of integers.
  return tf.cast(tf.oneHot(indices, depth), "float32");
}
