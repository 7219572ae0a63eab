/** Attention and what goes with it by plain loops in float64: slow, and hard to get wrong. */

import type { RotaryPairing } from "../../core/backend/mod.ts";
import type { Values } from "./kernel_checks.ts";
import { type Numbers, sizeOf } from "./random_cases.ts";

/** What is beside queries, keys and values. */
export interface AttentionSetting {
  readonly scale: number;
  readonly causal: boolean;
  /** 1 or 0 for each key of each sequence. */
  readonly mask?: ArrayLike<number> | undefined;
}

/** Entry of an array that broadcasts. */
function spread({ shape, data }: Numbers, index: readonly number[]): number {
  const own = index.slice(index.length - shape.length);
  return data[own.reduce((p, i, k) => p * shape[k]! + (shape[k] === 1 ? 0 : i), 0)]!;
}

/** The rows of softmax(c Q Kᵀ + bias) over the keys that are seen, times V, with all heads. */
export function plainAttention(
  [q, k, v, bias]: readonly Numbers[],
  { scale, causal, mask }: AttentionSetting,
): Float64Array {
  const [batch, heads, queries, width] = q!.shape as [number, number, number, number];
  const [groups, keys] = [k!.shape[1]!, k!.shape[2]!];
  const valueWidth = v!.shape[3]!;
  const y = new Float64Array(batch * heads * queries * valueWidth);
  for (let row = 0; row < batch * heads * queries; row++) {
    const i = row % queries;
    const head = Math.floor(row / queries) % heads;
    const b = Math.floor(row / (queries * heads));
    const group = b * groups + Math.floor(head * groups / heads);
    const scores = Array.from({ length: keys }, (_, j) => {
      const seen = (!causal || j <= i + keys - queries) && (mask?.[b * keys + j] ?? 1) > 0;
      if (!seen) return -Infinity;
      let sum = 0;
      for (let c = 0; c < width; c++) {
        sum += q!.data[row * width + c]! * k!.data[(group * keys + j) * width + c]!;
      }
      return scale * sum + (bias ? spread(bias, [b, head, i, j]) : 0);
    });
    const most = Math.max(...scores);
    if (most === -Infinity) continue;
    const weights = scores.map((s) => Math.exp(s - most));
    const total = weights.reduce((x, w) => x + w, 0);
    weights.forEach((w, j) => {
      for (let c = 0; c < valueWidth; c++) {
        y[row * valueWidth + c]! += w / total * v!.data[(group * keys + j) * valueWidth + c]!;
      }
    });
  }
  return y;
}

/** Rows of e entries, pairs of which are turned by the angles of their row. */
export function plainRotary(
  { shape, data }: Numbers,
  [cos, sin]: readonly Values[],
  pairing: RotaryPairing,
): Float64Array {
  const [rows, width] = shape.slice(-2) as [number, number];
  const half = width / 2;
  const y = new Float64Array(sizeOf(shape));
  for (let at = 0; at < y.length; at += width) {
    const table = at / width % rows * half;
    for (let k = 0; k < half; k++) {
      const [i, j] = pairing === "half-split" ? [k, k + half] : [2 * k, 2 * k + 1];
      const [u, v] = [data[at + i]!, data[at + j]!];
      const [c, s] = [cos![table + k]!, sin![table + k]!];
      y[at + i] = u * c - v * s;
      y[at + j] = v * c + u * s;
    }
  }
  return y;
}

/** Along the last axis scale (x − mean) / √(variance + ε) + shift; without the mean for RMS. */
export function plainNorm(
  { shape, data }: Numbers,
  scale: Values | undefined,
  shift: Values | undefined,
  epsilon: number,
  centred: boolean,
): Float64Array {
  const width = shape.at(-1)!;
  return data.map((_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    const own = data.subarray(row * width, (row + 1) * width);
    const mean = centred ? own.reduce((a, b) => a + b, 0) / width : 0;
    const variance = own.reduce((a, b) => a + (b - mean) ** 2, 0) / width;
    const standard = (data[i]! - mean) / Math.sqrt(variance + epsilon);
    return standard * (scale?.[column] ?? 1) + (shift?.[column] ?? 0);
  });
}

/** The error function to float64: its series, or the continued fraction of its complement. */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 3) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / 2 / (z + fraction);
    return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction));
  }
  let [sum, term] = [x, x];
  for (let k = 1; k < 80; k++) {
    term *= -x * x / k;
    sum += term / (2 * k + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

/** Activations that transformers use, by name. */
export const smooth = {
  exact: (x: number): number => x * (1 + erf(x / Math.SQRT2)) / 2,
  tanh: (x: number): number =>
    x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))) / 2,
  silu: (x: number): number => x / (1 + Math.exp(-x)),
} as const;
