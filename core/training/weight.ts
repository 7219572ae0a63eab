/**
 * Weights as layers declare them, as states store them, and as passes see them.
 *
 * @module
 */

import type { ConvGeometry, GradientPair, Tensor } from "../backend/mod.ts";
import type { Random } from "../random.ts";
import type { Settings } from "../settings.ts";
import type { Tunable } from "../tunable.ts";

/** Random start of a weight. */
export interface Initialiser extends Tunable<Initialiser> {
  /**
   * Variance of the entries.
   *
   * @param shape inputs×outputs, or the shape of a vector.
   */
  variance(shape: readonly number[]): number;
  /** Draws the entries, row-major. */
  draw(random: Random, shape: readonly number[]): Float32Array;
}

/**
 * A weight that a layer declares.
 *
 * @example A weight that starts with 0.5 in all entries
 * ```ts
 * import { fit, type Initialiser, type Layer, type WeightSpec } from "@rankflow/rankflow";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const halves: Initialiser = {
 *   name: "halves",
 *   description: "0.5 in all entries",
 *   variance: () => 0.25,
 *   draw: (_random, shape) => new Float32Array(shape.reduce((n, e) => n * e, 1)).fill(0.5),
 * };
 * const factor: WeightSpec = { name: "factor", shape: [1], format: "dense", initialiser: halves };
 * const network: Layer = {
 *   weights: [factor],
 *   forward: (pass, x) => pass.engine.mul(x, pass.dense("factor")),
 * };
 * using model = await fit(network, { x: [0, 1], y: [0, 0.5] }, { epochs: 1, backend: "cpu" });
 * assertAlmostEquals((await model.predict([2])).data[0]!, 1, 1e-6);
 * ```
 */
export interface WeightSpec {
  /** Name within the network, such as "dense1.weight". */
  readonly name: string;
  /**
   * inputs×outputs for a linear map, inputs×heads×entries for one to several heads,
   * height×width×inputs×outputs for a convolution, or any shape for a dense weight.
   */
  readonly shape: readonly number[];
  /** Registry name of the format: "dense", "low-rank", "statistic". */
  readonly format: string;
  /** How it starts. */
  readonly initialiser: Initialiser;
  /** Rank at the start, for formats that have one. */
  readonly rank?: number;
  /** Rank at the start by the name of the mode, for formats with several; default: `rank`. */
  readonly ranks?: Readonly<Record<string, number>>;
  /** Whether integrators keep the ranks, for formats with several; default false: they adapt. */
  readonly fixed?: boolean;
  /** Bounds of the rank; defaults: those of the run. */
  readonly minRank?: number;
  /** Upper bound of the rank. */
  readonly maxRank?: number;
  /**
   * Pixels of an image that a kernel reads and writes, for formats that choose by cost how to run;
   * default: as many of both.
   */
  readonly pixels?: readonly [number, number];
  /** Share of a new observation in a running statistic; default 0.1. */
  readonly momentum?: number;
  /** Factor of the increment of an adapted weight; default 1. */
  readonly scale?: number;
  /** Settings of its format, for formats that have some; default: theirs. */
  readonly settings?: Settings;
}

/** A tree of tensors and numbers: what a checkpoint walks over. */
export type StateTree =
  | Tensor
  | number
  | string
  | undefined
  | { readonly [key: string]: StateTree };

/** What a representation stores of a weight, and what movers add to it: a plain record. */
export interface WeightRecord {
  /** Tensors and numbers by the representation's own names; `moments` belong to the mover. */
  readonly [key: string]: StateTree;
}

/** Stored state of one weight: a plain record that starts with its format. */
export interface WeightState extends WeightRecord {
  /** Registry name of the format. */
  readonly format: string;
}

/**
 * States of all weights by name.
 *
 * @example What a trained model stores of its weights
 * ```ts
 * import {
 *   fit, perceptron, type StateTree, type WeightRecord, type WeightState, type WeightStates,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const network = perceptron({ sizes: [2, 4, 1], format: "low-rank", rank: 1 });
 * using model = await fit(network, { x: [[0, 1], [1, 0]], y: [1, 0] }, { epochs: 1, backend: "cpu" });
 * const states: WeightStates = model.states;
 * const state: WeightState = states["dense1.weight"]!;
 * const record: WeightRecord = state;
 * const core: StateTree = record.s;
 * assertEquals([state.format, typeof core], ["low-rank", "object"]);
 * ```
 */
export type WeightStates = Readonly<Record<string, WeightState>>;

/** What the network computes with at one evaluation: tensors by the representation's own names. */
export type WeightPoint = Readonly<Record<string, Tensor>>;

/** Points of all weights by name. */
export type Points = ReadonlyMap<string, WeightPoint>;

/**
 * A gradient pair as a pass collects it.
 *
 * @example The gradient XᵀD of a pair, in an entry
 * ```ts
 * import { type CapturedPair, openEngine } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { engine } = await openEngine("cpu");
 * const [x, d, xu, dv] = [2, 3, 2, 3].map((n) => engine.fill([1, 1], n)) as [
 *   ...[CapturedPair["x"], CapturedPair["d"], CapturedPair["xu"], CapturedPair["dv"]],
 * ];
 * const pair: CapturedPair = { x, d, xu, dv };
 * const gradient = engine.matMul(pair.x, pair.d, { transposeLeft: true });
 * assertEquals([...await engine.read(gradient)], [6]);
 * [x, d, xu, dv, gradient].forEach((t) => t.dispose());
 * ```
 */
export interface CapturedPair extends GradientPair {
  /** How the kernel moved, where the map was a convolution. */
  readonly geometry?: ConvGeometry;
  /** Rows of the weight where some were looked up: x are their numbers, int32, of rows with one 1. */
  readonly rows?: number;
}

/** What one backward pass tells about a weight: derivatives of *minus* the loss. */
export interface Evidence {
  /** Derivative in the representation's anchor tensor; for statistics, what was observed. */
  readonly gradient: Tensor;
  /** Derivatives in further anchors of the representation, by their names; absent without them. */
  readonly gradients?: Readonly<Record<string, Tensor>>;
  /** Gradient pairs, one for each use of the weight in the pass; empty for dense weights. */
  readonly pairs: readonly CapturedPair[];
  /**
   * The mean of something that is formed of this evidence over all who hold a part of the batch;
   * absent where this is the evidence of all of it.
   */
  readonly mean?: (part: Tensor) => Promise<Tensor>;
}

/** Numbers that a weight has when it is stored in full. */
export function fullSize({ shape }: WeightSpec): number {
  return shape.reduce((n, d) => n * d, 1);
}
