/**
 * What is minimised in place of the cross-entropy of a batch: other inputs, such as attacked ones,
 * and other losses of the logits.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/mod.ts";
import type { Random } from "../random.ts";

/** Examples with their labels. */
export interface LabelledBatch {
  /** Inputs, batch first. */
  readonly x: Tensor;
  /** Class labels, int32, length batch. */
  readonly labels: Tensor;
}

/** One evaluation of a network with fixed weights. */
export interface ForwardPass {
  /** Logits of inputs. */
  forward(x: Tensor): Tensor;
  /** Frees what the evaluation kept for the derivatives of weights. */
  dispose(): void;
}

/** A network at fixed weights. */
export interface NetworkAt {
  /** What runs it. */
  readonly engine: Engine;
  /** Begins an evaluation as it is outside of training. */
  open(): ForwardPass;
}

/** Value and derivative of a loss in the logits. */
export interface LogitDerivative {
  /** The loss. */
  readonly value: number;
  /** Its derivative in the logits, rows×classes. */
  readonly cotangents: Float32Array;
}

/** What a step minimises. */
export interface TrainingObjective {
  /** For people. */
  readonly name: string;
  /**
   * The batch that the step sees, made once before its first evaluation.
   *
   * @param batch As it comes from the data; it stays the caller's.
   * @param random A stream of this step's own.
   * @returns A batch whose tensors belong to the innermost scope.
   */
  prepare?(at: NetworkAt, batch: LabelledBatch, random: Random): Promise<LabelledBatch>;
  /**
   * A loss of all logits together, computed on the host; it costs one more forward pass. Absent:
   * the mean cross-entropy.
   *
   * @param logits rows×classes.
   * @param labels Classes of the rows.
   */
  loss?(logits: Float32Array, labels: Int32Array): LogitDerivative;
}
