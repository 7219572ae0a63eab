import { share } from "./share.ts";
import type { Tf, TfTensor } from "./types.ts";

/** A tensor under another handle, whose derivative a backward pass gives away. */
export function watch(tf: Tf, x: TfTensor, receive: (derivative: TfTensor) => void): TfTensor {
  const watched = tf.customGrad((t) => ({
    value: tf.clone(t as TfTensor),
    gradFunc: (dy) => {
      receive(share(tf, dy));
      return dy;
    },
  }));
  return watched(x);
}
