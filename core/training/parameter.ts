/**
 * Trainable weights: how they are declared, stored and updated, whatever their format.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { Activation, ConvGeometry, Engine, GradientPair, Tensor } from "../backend/mod.ts";
import type { Integrator, Stepper, Truncation } from "../integrators/mod.ts";
import type { TuckerIntegrator } from "../integrators/tucker/mod.ts";
import type { Random } from "../random.ts";
import type { Regularization } from "../regularizers/mod.ts";
import { type Plugin, Registry } from "../registry.ts";
import type { TrainingObjective } from "./objective.ts";
import type { OptimizerRule } from "./rule.ts";

/** Random start of a weight. */
export interface Initialiser extends Plugin {
  /**
   * Variance of the entries.
   *
   * @param shape inputs×outputs, or the shape of a vector.
   */
  variance(shape: readonly number[]): number;
  /** Draws the entries, row-major. */
  draw(random: Random, shape: readonly number[]): Float32Array;
}

/** A weight that a layer declares. */
export interface WeightSpec {
  /** Name within the network, such as "dense1.weight". */
  readonly name: string;
  /**
   * inputs×outputs for a linear map, height×width×inputs×outputs for a convolution, or any shape
   * for a dense weight.
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
}

/** A tree of tensors and numbers: what a checkpoint walks over. */
export type StateTree =
  | Tensor
  | number
  | string
  | undefined
  | { readonly [key: string]: StateTree };

/** Stored state of one weight: a plain record that starts with its format. */
export interface WeightState {
  /** Registry name of the format. */
  readonly format: string;
  /** Tensors and numbers of the format. */
  readonly [key: string]: StateTree;
}

/** What the network computes with at one evaluation: tensors by the format's own names. */
export type WeightPoint = Readonly<Record<string, Tensor>>;

/** A gradient pair as a pass collects it. */
export interface CapturedPair extends GradientPair {
  /** How the kernel moved, where the map was a convolution. */
  readonly geometry?: ConvGeometry;
}

/** What one backward pass tells about a weight: derivatives of *minus* the loss. */
export interface Evidence {
  /** Derivative in the format's anchor tensor; what was observed, for formats without one. */
  readonly gradient: Tensor;
  /** Gradient pairs, one for each use of the weight in the pass; empty for dense weights. */
  readonly pairs: readonly CapturedPair[];
}

/** Everything that updates have in common in one run. */
export interface TrainingMethod {
  /** The engine that runs it. */
  readonly engine: Engine;
  /** Its matrices. */
  readonly algebra: Algebra<Tensor>;
  /** How variables move. */
  readonly rule: OptimizerRule;
  /** How factors move within an integrator's step. */
  readonly stepper: Stepper;
  /** How factorised weights move. */
  readonly integrator: Integrator;
  /** How weights in Tucker format move; default augmented-tucker-bug. */
  readonly tuckerIntegrator?: TuckerIntegrator;
  /** How ranks adapt. */
  readonly truncation: Truncation;
  /** What is wanted of the weights beside a small loss; default: nothing. */
  readonly regularization?: readonly Regularization[];
  /** What is minimised in place of the cross-entropy of the batch. */
  readonly objective?: TrainingObjective;
}

/** What an update leaves behind. */
export interface WeightUpdate {
  /** State after the step. */
  readonly state: WeightState;
  /** Frobenius norm of what truncation discarded; absent for formats without ranks. */
  readonly discarded?: number;
}

/** How much of a whole weight a factorised one keeps. */
export interface Compression {
  /** Tolerance of the run's truncation rule in each mode; default: that of the run. */
  readonly tolerance?: number;
  /** Rank of each mode, or as much of it as the weight has; takes precedence. */
  readonly rank?: number;
}

/** Work of one way to run a convolution. */
export interface ExecutionCost {
  /** Floating-point operations, a product and a sum counted as two. */
  readonly flops: number;
  /** Bytes of images that are read and written. */
  readonly bytes: number;
}

/** How a factorised kernel runs, and what the choice was between. */
export interface ExecutionPlan {
  /** The cheaper one. */
  readonly choice: "chain" | "reconstructed";
  /** Three small convolutions, one after the other. */
  readonly chain: ExecutionCost;
  /** One convolution with the whole kernel. */
  readonly reconstructed: ExecutionCost;
  /**
   * Where a training step of the chain takes its projections of the gradient from: images, or the
   * whole gradient, formed once. Absent outside of training.
   */
  readonly gradient?: "projected" | "formed";
}

/** A way to store and train a weight. */
export interface WeightFormat extends Plugin {
  /** True when the weight waits for the last evaluation of a step: dense weights beside factors. */
  readonly waits: boolean;
  /**
   * Name of the tensor of a point in which the engine differentiates; undefined for statistics,
   * which passes observe instead.
   */
  readonly anchor: string | undefined;
  /** Name of the format that matrices have in a network whose kernels have this one; default it. */
  readonly matrices?: string;
  /** Makes the initial state. */
  create(method: TrainingMethod, spec: WeightSpec, random: Random): Promise<WeightState>;
  /**
   * The linear map y = act(x W + b) at a point; `capture` receives the gradient pair. It is absent
   * where no gradients will be asked for.
   */
  linear(
    engine: Engine,
    point: WeightPoint,
    x: Tensor,
    bias: Tensor | null,
    activation: Activation,
    capture?: (pair: GradientPair) => void,
  ): Tensor;
  /**
   * The convolution y = act(x ∗ W + b) at a point; absent for formats that are no kernels.
   *
   * @param x Images, batch×height×width×channels.
   */
  conv2d?(
    engine: Engine,
    point: WeightPoint,
    x: Tensor,
    bias: Tensor | null,
    geometry: ConvGeometry,
    activation: Activation,
    capture?: (pair: GradientPair) => void,
  ): Tensor;
  /** The point at which the network is evaluated between steps. */
  point(state: WeightState): WeightPoint;
  /** One training step: yields points, gets evidence. */
  update(
    method: TrainingMethod,
    spec: WeightSpec,
    state: WeightState,
    rate: number,
  ): AsyncGenerator<WeightPoint, WeightUpdate, Evidence>;
  /** Numbers stored for the weight in use (without optimizer state). */
  size(state: WeightState): number;
  /**
   * Squared Frobenius norm of the whole gradient, for clipping: it bounds the projections that
   * updates use, and clips a factorised weight as its dense twin.
   */
  gradientSquare(method: TrainingMethod, state: WeightPoint, evidence: Evidence): Promise<number>;
  /** Rank, or ranks by the name of the mode; undefined for formats without one. */
  rank(state: WeightState): number | Readonly<Record<string, number>> | undefined;
  /**
   * Singular values, descending, or those of each mode by its name; undefined for formats without
   * them.
   */
  singularValues(
    method: TrainingMethod,
    state: WeightState,
  ): Promise<Float64Array | Readonly<Record<string, Float64Array>> | undefined>;
  /** The weight as one tensor of its spec's shape; absent where there is no such thing. */
  toDense?(method: TrainingMethod, spec: WeightSpec, state: WeightState): Tensor;
  /** The state that stands for a whole weight, or for what a compression keeps of it. */
  fromDense?(
    method: TrainingMethod,
    spec: WeightSpec,
    value: Tensor,
    compression: Compression,
  ): Promise<WeightUpdate>;
  /** How a kernel runs in training and what that costs; absent where there is no choice. */
  plan?(spec: WeightSpec, state: WeightState): ExecutionPlan | undefined;
}

/** Weight formats by name. */
export const weightFormats: Registry<WeightFormat> = new Registry("weight format");
