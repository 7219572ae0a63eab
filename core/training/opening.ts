/**
 * What a training run is opened with, and how it begins: from a checkpoint, or anew.
 *
 * @module
 */

import { checkInteger, checkNumber } from "../checks.ts";
import { type BatchSource, directBatches, type Examples, prefetchedBatches } from "../data/mod.ts";
import type { Communicator } from "../comm/mod.ts";
import type { Listener, RunFolder } from "../io/mod.ts";
import { type Restored, restoreRun, type TrainerState } from "./checkpoint.ts";
import { requireFit } from "./fitting.ts";
import { sharedCheckpoint } from "./parallel/checkpoint.ts";
import { initialStates } from "./initial.ts";
import type { TrainingMethod } from "./method.ts";
import type { Layer } from "./pass.ts";
import { disposeStates } from "./step.ts";
import type { Task } from "./task.ts";
import type { WeightStates } from "./weight.ts";

/** Settings of a training run. */
export interface TrainOptions {
  /** What trains, for people: "low rank", "dense baseline". */
  readonly label: string;
  /** Integrator, optimizer and engine. */
  readonly method: TrainingMethod;
  /** Maps the inputs of the task to its outputs. */
  readonly network: Layer;
  /** What is learnt. */
  readonly task: Task;
  /** Seed of weights and data order. */
  readonly seed: number;
  /** Passes through the training examples. */
  readonly epochs: number;
  /** Steps in all, in place of epochs. */
  readonly steps?: number;
  /** Steps between two measurements; default: those of an epoch. */
  readonly measureEvery?: number;
  /**
   * Makes the states to start from, of tensors that the run takes over; default: random ones of
   * the seed. A run that is resumed does not ask.
   */
  readonly start?: () => Promise<WeightStates>;
  /** Examples per step; a last batch that is not full is left out. */
  readonly batch: number;
  /** Prepares batches on another thread; the result is the same. Default false. */
  readonly prefetch?: boolean;
  /** Step size at a step, from 0. */
  readonly rate: (step: number, totalSteps: number) => number;
  /** Largest norm of the whole gradient; absent: no clipping. */
  readonly clipNorm?: number;
  /** Stops when the task's first measure `on` these has not improved `patience` times. */
  readonly earlyStop?: { readonly on: Examples; readonly patience: number };
  /** Receives metrics and checkpoints; absent: nothing is written. */
  readonly folder?: RunFolder;
  /** Hears what happens. */
  readonly listener?: Listener;
  /** Aborts after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal;
  /**
   * Members that train together, each on its part of every batch; only the first has a folder.
   * Default: one.
   */
  readonly comm?: Communicator;
  /**
   * Parts into which each batch is divided; default: one for each member, or as the run began. What
   * layers draw and batch statistics belong to a part.
   */
  readonly parts?: number;
}

/** How a run begins. */
export interface Begun extends Partial<Restored> {
  /** State before the first step to come. */
  readonly state: TrainerState;
  /** Whether that is of a checkpoint. */
  readonly resumed: boolean;
}

/** The checkpoint in the folder, or a start; throws where the checkpoint is of another run. */
export async function begin(o: TrainOptions, total: number): Promise<Begun> {
  const checkpoint = await sharedCheckpoint(o.comm, o.folder);
  if (checkpoint) {
    const restored = restoreRun(o.method.engine, o.network, checkpoint.record, checkpoint.fixed);
    const { step, states } = restored.state;
    if (step > total) {
      disposeStates(states, {});
      throw new Error(
        `Cannot resume: expected a checkpoint of at most ${total} steps, which the run has in all, ` +
          `got one after ${step}; give the epochs, the batch and the data that it began with`,
      );
    }
    requireFit(o.method, o.network, restored.state.states);
    await o.folder?.keepMetricsThrough(restored.state.step);
    return { ...restored, resumed: true };
  }
  await o.folder?.keepMetricsThrough(-1);
  const { parts = o.comm?.size ?? 1 } = o;
  const state = {
    step: 0,
    states: await (o.start?.() ?? initialStates(o.method, o.network, o.seed)),
    lossSum: 0,
    trainLoss: NaN,
    firstLoss: NaN,
    best: NaN,
    sinceBest: 0,
    seconds: 0,
    secondsPerStep: NaN,
    ...(parts > 1 ? { parts } : {}),
  };
  return { state, resumed: false };
}

/** Refuses settings of a run that would not begin, or never end. */
export function checkOptions(o: TrainOptions): void {
  const counts = { epochs: o.epochs, batch: o.batch, steps: o.steps };
  const waits = { measureEvery: o.measureEvery, patience: o.earlyStop?.patience };
  for (const [name, count] of Object.entries({ ...counts, ...waits })) {
    if (count !== undefined) checkInteger("train", name, count);
  }
  if (o.clipNorm !== undefined) checkNumber("train", "clipNorm", o.clipNorm, { above: 0 });
}

/** Steps in all. */
export function totalOf({ steps, epochs }: TrainOptions, perEpoch: number): number {
  return steps ?? epochs * perEpoch;
}

/**
 * The batches of a run, from a second thread where it is asked for.
 *
 * @param places The places of each batch that are wanted.
 */
export function openBatches(
  { task, seed, batch, prefetch, listener }: TrainOptions,
  places: readonly [number, number],
): BatchSource {
  const { train: examples, augmentation } = task;
  const plan = { examples, seed, size: batch, places, ...(augmentation ? { augmentation } : {}) };
  if (!prefetch) return directBatches(plan);
  const onFallback = (reason: string) => {
    const text = `Batches are made on the training thread: ${reason}`;
    listener?.({ type: "message", level: "info", text });
  };
  return prefetchedBatches(plan, { onFallback });
}
