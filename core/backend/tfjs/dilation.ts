/**
 * Dilated kernels as plain ones: filled up with zeros.
 *
 * @module
 */

import type { Tf, TfTensor } from "./types.ts";

/** A 4-d shape. */
type Shape4 = [number, number, number, number];

/** Puts d − 1 slices of zeros behind every slice of the middle axis but the last. */
function spread(tf: Tf, x: TfTensor, d: number): TfTensor {
  if (d === 1) return x;
  const [before, n, after] = x.shape as [number, number, number];
  const rows = tf.reshape(x, [before * n, 1, after]);
  const filled = tf.concat([rows, tf.zeros([before * n, d - 1, after])], 1);
  const all = tf.reshape(filled, [before, n * d, after]);
  return tf.slice(all, [0, 0, 0], [before, (n - 1) * d + 1, after]);
}

/** Every d-th slice of the middle axis. */
function gather(tf: Tf, x: TfTensor, d: number): TfTensor {
  if (d === 1) return x;
  const [before, n, after] = x.shape as [number, number, number];
  const count = (n - 1) / d + 1;
  const all = tf.concat([x, tf.zeros([before, d - 1, after])], 1);
  const rows = tf.reshape(all, [before * count, d, after]);
  return tf.reshape(tf.slice(rows, [0, 0, 0], [-1, 1, -1]), [before, count, after]);
}

/** Height and width of a kernel that is filled up. */
export function filledExtents(
  [height, width]: readonly [number, number],
  dilations: readonly [number, number],
): [number, number] {
  return [(height - 1) * dilations[0] + 1, (width - 1) * dilations[1] + 1];
}

/** A kernel whose dilation is written out in zeros. */
export function fillUp(tf: Tf, w: TfTensor, dilations: readonly [number, number]): TfTensor {
  return alongWindow(tf, w, dilations, spread);
}

/** The entries of a kernel that is filled up, without the zeros between them. */
export function takeOut(tf: Tf, w: TfTensor, dilations: readonly [number, number]): TfTensor {
  return alongWindow(tf, w, dilations, gather);
}

/** Applies `f` along height and then width of a kernel. */
function alongWindow(
  tf: Tf,
  w: TfTensor,
  dilations: readonly [number, number],
  f: (tf: Tf, x: TfTensor, d: number) => TfTensor,
): TfTensor {
  const [height, width, inputs, outputs] = w.shape as Shape4;
  const rows = f(tf, tf.reshape(w, [1, height, width * inputs * outputs]), dilations[0]);
  const tall = rows.shape[1]!;
  const columns = f(tf, tf.reshape(rows, [tall, width, inputs * outputs]), dilations[1]);
  return tf.reshape(columns, [tall, columns.shape[1]!, inputs, outputs]);
}
