import type { AugmentationStep, Dataset, Split } from "../data/mod.ts";
import type { Listener, RunEndReason, RunFolder } from "../io/mod.ts";
import type { TrainerState } from "./checkpoint.ts";
import type { Measurement } from "./evaluation.ts";
import type { Layer } from "./network.ts";
import type { TrainingMethod } from "./parameter.ts";
import type { WeightStates } from "./step.ts";

/** Settings of a training run. */
export interface TrainOptions {
  /** What trains, for people: "low rank", "dense baseline". */
  readonly label: string;
  /** Integrator, optimizer and engine. */
  readonly method: TrainingMethod;
  /** Maps batch×(h w c) to logits. */
  readonly network: Layer;
  /** Data; the training split may have lost a part to `validation`. */
  readonly dataset: Dataset;
  /** Seed of weights and data order. */
  readonly seed: number;
  /** Passes through the training split. */
  readonly epochs: number;
  /**
   * Makes the states to start from, of tensors that the run takes over; default: random ones of
   * the seed. A run that is resumed does not ask.
   */
  readonly start?: () => Promise<WeightStates>;
  /** Examples per step; a last batch that is not full is left out. */
  readonly batch: number;
  /** Random changes of the training images, of one pattern for each seed; default none. */
  readonly augmentation?: readonly AugmentationStep[];
  /** Prepares batches on another thread; the result is the same. Default false. */
  readonly prefetch?: boolean;
  /** Step size at a step, from 0. */
  readonly rate: (step: number, totalSteps: number) => number;
  /** Largest norm of the whole gradient; absent: no clipping. */
  readonly clipNorm?: number;
  /** Stops when accuracy on `split` has not improved for `patience` epochs. */
  readonly earlyStop?: { readonly split: Split; readonly patience: number };
  /** Receives metrics and checkpoints; absent: nothing is written. */
  readonly folder?: RunFolder;
  /** Hears what happens. */
  readonly listener?: Listener;
  /** Aborts after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** How a run ended. */
export interface TrainResult {
  /** Why it ended. */
  readonly reason: RunEndReason;
  /** What went wrong, when it diverged. */
  readonly message?: string;
  /** State at the end; the caller disposes the tensors. */
  readonly state: TrainerState;
  /** Mean loss of the last full epoch. */
  readonly trainLoss: number;
  /** On the test split; undefined when the run was interrupted or diverged. */
  readonly test?: Measurement;
  /** Median seconds of a step. */
  readonly secondsPerStep: number;
}
