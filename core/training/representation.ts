/**
 * What a weight is: what it stores, how passes use it, and as what movers may read it.
 *
 * @module
 */

import type { Activation, ConvGeometry, Engine, GradientPair, Tensor } from "../backend/mod.ts";
import type { LocalField, LocalTuckerField, LowRank } from "../geometry/mod.ts";
import type { Truncation } from "../integrators/mod.ts";
import type { Random } from "../random.ts";
import type { TuckerTensor } from "../tensors/mod.ts";
import type { TrainingMethod } from "./method.ts";
import type { CapturedPair, Evidence, WeightPoint, WeightRecord, WeightSpec } from "./weight.ts";

/** How much of a whole weight a factorised one keeps. */
export interface Compression {
  /** Tolerance of the run's truncation rule in each mode; default: that of the run. */
  readonly tolerance?: number;
  /** Rank of each mode, or as much of it as the weight has; takes precedence. */
  readonly rank?: number;
  /** Gradients of the loss in whole weights, by name, for adapters that start from them. */
  readonly gradients?: Readonly<Record<string, Tensor>>;
}

/** A whole weight in another form, and what that left out. */
export interface Compressed {
  /** What is stored, without moments. */
  readonly state: WeightRecord;
  /** Frobenius norm of what was left out; absent where nothing can be. */
  readonly discarded?: number;
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

/** Where a linear map is applied, and what follows it. */
export interface LinearUse {
  /** Added before the activation, or null. */
  readonly bias: Tensor | null;
  /** What follows. */
  readonly activation: Activation;
  /** The weight as its layer declares it. */
  readonly spec: WeightSpec;
  /** Whether the map is x Wᵀ in place of x W; default false. */
  readonly transpose?: boolean;
  /** Receives the gradient pair; absent where no gradient of the weight will be asked for. */
  readonly capture?: (pair: GradientPair) => void;
}

/** Where rows are looked up. */
export interface LookupUse extends Pick<LinearUse, "spec"> {
  /** Receives the gradient pair; absent where no gradient of the weight will be asked for. */
  readonly capture?: (pair: CapturedPair) => void;
}

/** The same for a convolution. */
export interface ConvUse extends Omit<LinearUse, "transpose"> {
  /** How the kernel moves. */
  readonly geometry: ConvGeometry;
}

/** A weight read as U S Vᵀ, for integrators of matrices. */
export interface MatrixReading {
  /** The weight before the step; U of a kernel has height·width·in rows. */
  readonly start: LowRank<Tensor>;
  /** Truncation within the weight's own bounds. */
  readonly truncation: Truncation;
  /** What a pass computes with. */
  point(y: LowRank<Tensor>): WeightPoint;
  /** F at a point of a pass. */
  field(y: LowRank<Tensor>, evidence: Evidence): LocalField<Tensor>;
  /** What is stored of a point. */
  store(y: LowRank<Tensor>): WeightRecord;
}

/** A weight read as a Tucker tensor, for integrators of those. */
export interface TuckerReading {
  /** The weight before the step. */
  readonly start: TuckerTensor<Tensor>;
  /** Truncation of each mode. */
  readonly truncation: readonly Truncation[];
  /** What a pass computes with. */
  point(y: TuckerTensor<Tensor>): WeightPoint;
  /** F at the point of a pass. */
  field(point: WeightPoint, evidence: Evidence): LocalTuckerField<Tensor>;
  /** What is stored of a point. */
  store(y: TuckerTensor<Tensor>): WeightRecord;
}

/** A weight read as variables that a rule moves, each along its own gradient. */
export interface VariablesReading {
  /** The variables, as matrices or of any shape, by name. */
  readonly start: Readonly<Record<string, Tensor>>;
  /** The variable that is the whole weight, which regularizers act on; absent for factors. */
  readonly whole?: string;
  /** Factors of the step size by variable; absent: 1. */
  readonly rates?: Readonly<Record<string, number>>;
  /** Variables that weight decay leaves alone. */
  readonly undecayed?: readonly string[];
  /** What a pass computes with. */
  readonly point: WeightPoint;
  /** Minus the gradients of the loss in the variables, in their shapes. */
  gradients(evidence: Evidence): Readonly<Record<string, Tensor>>;
  /** What is stored of variables that have moved. */
  store(variables: Readonly<Record<string, Tensor>>): WeightRecord;
}

/** What a weight is. A reading that it does not offer cannot be moved by what needs it. */
export interface Representation {
  /**
   * Name of the tensor of a point in which the engine differentiates; undefined for statistics,
   * which passes observe instead.
   */
  readonly anchor: string | undefined;
  /** Names of further tensors of a point in which the engine differentiates, too. */
  readonly anchors?: readonly string[];
  /** Makes the initial record. */
  create(method: TrainingMethod, spec: WeightSpec, random: Random): Promise<WeightRecord>;
  /**
   * The record with the tensors that weights of a network have in common, such as random bases, in
   * place of its own, which are freed; absent where they have none.
   *
   * @param common What the weights before have brought, by what makes it the same; this one adds.
   */
  joined?(spec: WeightSpec, record: WeightRecord, common: Map<string, Tensor>): WeightRecord;
  /** The point at which the network is evaluated between steps. */
  point(state: WeightRecord): WeightPoint;
  /**
   * The linear map y = act(x W + b) at a point, or act(x Wᵀ + b).
   *
   * @param x Rows of numbers, batch×in (batch×out for the transpose).
   */
  linear(engine: Engine, point: WeightPoint, x: Tensor, use: LinearUse): Tensor;
  /**
   * Rows of the weight by their number: the shape of `ids` with out behind it. Absent where there is
   * no cheaper way than {@linkcode Representation.linear} of one-hot rows.
   *
   * @param ids int32 of any shape.
   */
  lookup?(engine: Engine, point: WeightPoint, ids: Tensor, use: LookupUse): Tensor;
  /**
   * The convolution y = act(x ∗ W + b) at a point; absent for what is no kernel.
   *
   * @param x Images, batch×height×width×channels.
   */
  conv2d?(engine: Engine, point: WeightPoint, x: Tensor, use: ConvUse): Tensor;
  /** Numbers stored for the weight in use (without optimizer state). */
  size(state: WeightRecord): number;
  /** Numbers of it that train; absent where all do, or the mover says so. */
  trainable?(state: WeightRecord): number;
  /**
   * Squared Frobenius norm of the whole gradient, for clipping: it bounds the projections that
   * updates use, and clips a factorised weight as its dense twin. Of an adapted weight, that of what
   * is trained. Where the evidence has a `mean`, that of the mean of all members' gradients.
   */
  gradientSquare(
    method: TrainingMethod,
    point: WeightPoint,
    evidence: Evidence,
    spec: WeightSpec,
  ): Promise<number>;
  /** Rank, or ranks by the name of the mode; undefined where there is none. */
  rank(state: WeightRecord): number | Readonly<Record<string, number>> | undefined;
  /** Singular values, descending, or those of each mode by its name; undefined without them. */
  singularValues(
    method: TrainingMethod,
    state: WeightRecord,
  ): Promise<Float64Array | Readonly<Record<string, Float64Array>> | undefined>;
  /** The weight as one tensor of its spec's shape; absent where there is no such thing. */
  toDense?(method: TrainingMethod, spec: WeightSpec, state: WeightRecord): Tensor;
  /** What stands for a whole weight, or for what a compression keeps of it. */
  fromDense?(
    method: TrainingMethod,
    spec: WeightSpec,
    value: Tensor,
    compression: Compression,
  ): Promise<Compressed>;
  /** How a kernel runs in training and what that costs; absent where there is no choice. */
  plan?(spec: WeightSpec, state: WeightRecord): ExecutionPlan | undefined;
  /** The record at which the map is zero but can move: where increments start. */
  atZero?(method: TrainingMethod, state: WeightRecord): WeightRecord;
  /**
   * The same weight with its increment in its base, and another one at zero; absent for what has no
   * increment.
   *
   * @param merge Number of the merge, of which the random part of the increment is a function.
   */
  merged?(
    method: TrainingMethod,
    spec: WeightSpec,
    state: WeightRecord,
    merge: number,
  ): Promise<WeightRecord>;
  /** The weight as U S Vᵀ. */
  asMatrix?(method: TrainingMethod, spec: WeightSpec, state: WeightRecord): MatrixReading;
  /** The weight as a Tucker tensor. */
  asTucker?(method: TrainingMethod, spec: WeightSpec, state: WeightRecord): TuckerReading;
  /** The weight as variables. */
  asVariables?(method: TrainingMethod, spec: WeightSpec, state: WeightRecord): VariablesReading;
}
