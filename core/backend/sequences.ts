/**
 * Operations on sequences of tokens, of which transformers are made: a part of the engine.
 *
 * @module
 */

import type { MatMulOptions, Tensor } from "./tensor.ts";

/**
 * The two forms of x Φ(x): with the error function, or with its tangent. They differ by up to
 * 4.8e-4; a checkpoint fixes which.
 */
export type GeluForm = "exact" | "tanh";

/** Which entries a rotation turns together: k and k + e/2, or 2k and 2k + 1. */
export type RotaryPairing = "half-split" | "interleaved";

/** How {@linkcode SequenceOperations.attention} makes scores of queries and keys. */
export interface ScoreOptions {
  /** What scores are multiplied with: mostly 1/√e, but not always. */
  readonly scale: number;
  /** Whether query i sees keys 0 … i + Tk − Tq only; default false. */
  readonly causal?: boolean;
  /** B×Tk, float32 or int32: 1 where a key is seen and 0 where it is hidden; not differentiated. */
  readonly mask?: Tensor;
  /** What is added to the scores, of a shape that broadcasts to B×h×Tq×Tk. −∞ hides a key. */
  readonly bias?: Tensor;
}

/**
 * What an engine computes on sequences. Everything is differentiable unless it says otherwise.
 *
 * @example Attention that looks back
 * ```ts
 * import {
 *   type GeluForm, openEngine, type RotaryPairing, type ScoreOptions, type SequenceOperations,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { engine } = await openEngine("cpu");
 * const ops: SequenceOperations = engine;
 * const [form, pairing]: [GeluForm, RotaryPairing] = ["exact", "half-split"];
 * const scores: ScoreOptions = { scale: 1, causal: true };
 * const first = await engine.scope(async () => {
 *   const v = engine.tensor(Float32Array.of(1, 2, 3, 4), [1, 1, 2, 2]);
 *   const [zeros, ones] = [engine.zeros([2, 1]), engine.fill([2, 1], 1)];
 *   const q = ops.rotary(v, ones, zeros, pairing);
 *   const y = await engine.read(ops.attention(q, q, v, scores));
 *   const bent = await engine.read(ops.gelu(engine.zeros([1]), form));
 *   return [y[0], y[1], bent[0]];
 * });
 * assertEquals(first, [1, 2, 0]);
 * ```
 */
export interface SequenceOperations {
  /**
   * Products of the matrices along the last two axes, in any transposition.
   *
   * @param a Rank of at least 3.
   * @param b Of the same rank; leading extents are equal, or one of them is 1.
   */
  batchMatMul(a: Tensor, b: Tensor, options?: MatMulOptions): Tensor;
  /** The tensor whose axis i is axis `axes[i]` of x. */
  permute(x: Tensor, axes: readonly number[]): Tensor;
  /** Softmax along the last axis. */
  softmax(x: Tensor): Tensor;
  /**
   * Rows of a table by their number. The gradient in the table sums the rows of equal numbers in an
   * order that does not change.
   *
   * @param table V×d.
   * @param ids int32 of any shape, from 0 to V − 1.
   * @returns The shape of `ids` with d behind it.
   */
  gather(table: Tensor, ids: Tensor): Tensor;
  /** x Φ(x), Φ being the distribution function of the normal distribution. */
  gelu(x: Tensor, form: GeluForm): Tensor;
  /** x σ(x). */
  silu(x: Tensor): Tensor;
  /**
   * scale (x − mean) / √(variance + ε) + shift with mean and biased variance along the last axis.
   *
   * @param scale One number for each entry of the last axis; null for ones.
   * @param shift The same; null for zeros.
   */
  layerNorm(x: Tensor, scale: Tensor | null, shift: Tensor | null, epsilon: number): Tensor;
  /** scale x / √(mean of x² + ε) along the last axis; a null scale is one of ones. */
  rmsNorm(x: Tensor, scale: Tensor | null, epsilon: number): Tensor;
  /**
   * Turns pairs (u, v) along the last axis to (u cos − v sin, v cos + u sin). Not differentiable in
   * the tables.
   *
   * @param x …×T×e with an even e.
   * @param cos T×(e/2).
   * @param sin T×(e/2).
   */
  rotary(x: Tensor, cos: Tensor, sin: Tensor, pairing: RotaryPairing): Tensor;
  /**
   * softmax(c Q Kᵀ + bias) V for every head, where head i of q reads group ⌊i g/h⌋ of k and v. A
   * query that sees no key gives zeros, and no gradient.
   *
   * @param q B×h×Tq×e, with h a multiple of g.
   * @param k B×g×Tk×e.
   * @param v B×g×Tk×e′.
   * @returns B×h×Tq×e′.
   */
  attention(q: Tensor, k: Tensor, v: Tensor, options: ScoreOptions): Tensor;
}
