/**
 * Attention composed from plain operations: it holds the scores of all pairs while it runs, and
 * computes them again in the backward pass.
 *
 * @module
 */

import { HIDDEN, HIDDEN_BELOW } from "./hidden.ts";
import { KERNEL } from "./names.ts";
import { attentionShape } from "./sequence_checks.ts";
import type { Attributes, Composed, TensorMap, Tf, TfTensor } from "./types.ts";

/** Sees the heads of a group as further rows of one matrix. */
function stacked(tf: Tf, x: TfTensor, groups: number): TfTensor {
  const [batch, heads, rows, width] = x.shape as [number, number, number, number];
  return tf.reshape(x, [batch, groups, heads / groups * rows, width]);
}

/** Where query i may see key j, Tq×Tk. */
function causalPairs(tf: Tf, queries: number, keys: number): TfTensor {
  const last = tf.reshape(tf.range(0, queries), [queries, 1]);
  return tf.lessEqual(tf.reshape(tf.range(0, keys), [1, keys]), tf.add(last, keys - queries));
}

/** The softmax of the scores over the keys that are seen, B×h×Tq×Tk. */
function weights(tf: Tf, { q, k, v, mask, bias }: TensorMap, a: Attributes): TfTensor {
  const s = attentionShape(q!, k!, v!);
  const all = tf.matMul(stacked(tf, q!, s.groups), k!, false, true);
  const shaped = tf.reshape(all, [s.batch, s.heads, s.queries, s.keys]);
  const scaled = tf.mul(a.scale as number, shaped);
  const scores = bias ? tf.add(scaled, bias) : scaled;
  const seen: TfTensor[] = [];
  if (a.causal) seen.push(causalPairs(tf, s.queries, s.keys));
  if (mask) seen.push(tf.greater(tf.reshape(mask, [s.batch, 1, 1, s.keys]), 0));
  if (bias) seen.push(tf.logicalNot(tf.lessEqual(scores, HIDDEN_BELOW)));
  if (seen.length === 0) return tf.softmax(scores);
  const visible = seen.reduce((x, y) => tf.logicalAnd(x, y));
  const hidden = tf.where(visible, scores, tf.fill(scores.shape, HIDDEN));
  return tf.mul(tf.softmax(hidden), tf.cast(visible, "float32"));
}

const attention: Composed = (tf, x, a) => {
  const { groups } = attentionShape(x.q!, x.k!, x.v!);
  const y = tf.matMul(stacked(tf, weights(tf, x, a), groups), x.v!);
  return tf.reshape(y, [...x.q!.shape.slice(0, 3), x.v!.shape[3]!]);
};

/** P and dS = P ∘ (dP − rowsum(dO ∘ O)). */
function scoreGradient(
  tf: Tf,
  x: TensorMap,
  a: Attributes,
): { p: TfTensor; ds: TfTensor } {
  const { groups } = attentionShape(x.q!, x.k!, x.v!);
  const p = weights(tf, x, a);
  const dp = tf.reshape(tf.matMul(stacked(tf, x.dy!, groups), x.v!, false, true), p.shape);
  const own = tf.sum(tf.mul(x.dy!, x.y!), -1, true);
  return { p, ds: tf.mul(p, tf.sub(dp, own)) };
}

/** Outputs the gradients in q, k and v. */
const attentionGrad: Composed = (tf, x, a) => {
  const { groups } = attentionShape(x.q!, x.k!, x.v!);
  const { p, ds } = scoreGradient(tf, x, a);
  const rows = stacked(tf, tf.mul(a.scale as number, ds), groups);
  const dq = tf.reshape(tf.matMul(rows, x.k!), x.q!.shape);
  const dk = tf.matMul(rows, stacked(tf, x.q!, groups), true);
  const dv = tf.matMul(stacked(tf, p, groups), stacked(tf, x.dy!, groups), true);
  return [dq, dk, dv];
};

/** Sums over the axes along which a shape has one entry only. */
export function summedTo(tf: Tf, x: TfTensor, shape: readonly number[]): TfTensor {
  const axes = shape.map((_, axis) => axis).filter((axis) => shape[axis] !== x.shape[axis]);
  return axes.length === 0 ? x : tf.sum(x, axes, true);
}

/** Kernels of this file by name. */
export const attentionKernels: Readonly<Record<string, Composed>> = {
  [KERNEL.attention]: attention,
  [KERNEL.attentionGrad]: attentionGrad,
  [KERNEL.attentionBiasGrad]: (tf, x, a) => summedTo(tf, scoreGradient(tf, x, a).ds, x.bias!.shape),
};
