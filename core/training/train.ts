/**
 * The training loop: epochs, batches, measurements, checkpoints, and every way a run may end.
 *
 * @module
 */

import type { Tensor } from "../backend/mod.ts";
import {
  batchCount,
  type BatchSource,
  directBatches,
  prefetchedBatches,
  type Split,
} from "../data/mod.ts";
import { NonFiniteError } from "../integrators/mod.ts";
import type { MetricLine, RunEndReason } from "../io/mod.ts";
import { Random } from "../random.ts";
import { restoreState, storeState, type TrainerState } from "./checkpoint.ts";
import { measure, type Measurement } from "./evaluation.ts";
import { requireMovable } from "./movable.ts";
import type { Layer } from "./network.ts";
import { type TrainingMethod, weightFormats, type WeightState } from "./parameter.ts";
import { rankMetrics, ranksOf } from "./ranks.ts";
import { disposeStates, type StepOutcome, trainStep, type WeightStates } from "./step.ts";
import type { TrainOptions, TrainResult } from "./train_options.ts";

/** A loss this many times that of the first step counts as divergence. */
const DIVERGENCE_FACTOR = 1000;
/** Lines in metrics.jsonl per epoch beside the one at its end. */
const LINES_PER_EPOCH = 8;
/** Milliseconds of training between two looks at signals and timers. */
const PAUSE_EVERY = 50;

/** What a run carries from step to step beside its state. */
interface Progress {
  readonly durations: number[];
  readonly started: number;
  /** When signals and timers were last let in. */
  paused: number;
  /** Step of the checkpoint in the folder, if there is one. */
  lastSaved?: number;
  test?: Measurement;
}

/**
 * Trains a network, from its random start or from the checkpoint in the folder.
 *
 * With a seed, a backend that is deterministic and the same number of epochs, a run that was
 * interrupted and resumed ends with the same bits as one that was not.
 *
 * @throws {RangeError} When the batch is larger than the data, or the optimizer cannot move the
 * factors of a weight; nothing has been written then.
 */
export async function train(o: TrainOptions): Promise<TrainResult> {
  const perEpoch = batchCount(o.dataset.train.count, o.batch, true);
  if (perEpoch === 0) {
    throw new RangeError(
      `Cannot train: a batch of ${o.batch} needs as many examples, ` +
        `got ${o.dataset.train.count}`,
    );
  }
  requireMovable(o.method, o.network);
  const total = perEpoch * o.epochs;
  const begun = await begin(o);
  let { state } = begun;
  const progress: Progress = {
    durations: [],
    started: performance.now() - 1000 * state.seconds,
    paused: -Infinity,
    ...(begun.resumed ? { lastSaved: state.step } : {}),
  };
  const { label, epochs } = o;
  o.listener?.({ type: "start", label, epochs, steps: total, firstStep: state.step });
  const source = openBatches(o);
  try {
    while (state.step < total && !outOfPatience(o, state)) {
      const epoch = Math.floor(state.step / perEpoch);
      const run = await runEpoch(o, source, state, progress, epoch, perEpoch);
      state = run.state;
      if (run.reason) return end(o, state, progress, run.reason, run.message);
      const closed = await closeEpoch(o, state, progress, epoch + 1, perEpoch);
      state = closed.state;
      if (closed.message !== undefined) return end(o, state, progress, "diverged", closed.message);
    }
  } finally {
    source.close();
  }
  progress.test ??= await measureSplit(o, state.states, o.dataset.test);
  return end(o, state, progress, state.step < total ? "stopped-early" : "finished");
}

/** The batches of the run, from a second thread where it is asked for. */
function openBatches(o: TrainOptions): BatchSource {
  const { dataset: { train: split, shape }, seed, batch: size, augmentation = [] } = o;
  const plan = { split, shape, seed, size, augmentation };
  if (!o.prefetch) return directBatches(plan);
  const onFallback = (reason: string) => {
    const text = `Batches are made on the training thread: ${reason}`;
    o.listener?.({ type: "message", level: "info", text });
  };
  return prefetchedBatches(plan, { onFallback });
}

function outOfPatience({ earlyStop }: TrainOptions, state: TrainerState): boolean {
  return earlyStop !== undefined && state.epochsSinceBest >= earlyStop.patience;
}

/** Draws the initial weights, each from a stream of its own name. */
export async function initialStates(
  method: TrainingMethod,
  network: Layer,
  seed: number,
): Promise<WeightStates> {
  const random = new Random(seed).fork("weights");
  return await method.engine.scope(async () => {
    const states: Record<string, WeightState> = {};
    for (const spec of network.weights) {
      const format = weightFormats.get(spec.format);
      states[spec.name] = await format.create(method, spec, random.fork(spec.name));
    }
    return states;
  });
}

async function begin(o: TrainOptions): Promise<{ state: TrainerState; resumed: boolean }> {
  const record = await o.folder?.loadCheckpoint();
  if (record) {
    const state = restoreState(o.method.engine, o.network, record);
    await o.folder!.keepMetricsThrough(state.step);
    return { state, resumed: true };
  }
  await o.folder?.keepMetricsThrough(-1);
  const state = {
    step: 0,
    states: await (o.start?.() ?? initialStates(o.method, o.network, o.seed)),
    lossSum: 0,
    trainLoss: NaN,
    firstLoss: NaN,
    bestAccuracy: -1,
    epochsSinceBest: 0,
    seconds: 0,
    secondsPerStep: NaN,
  };
  return { state, resumed: false };
}

async function runEpoch(
  o: TrainOptions,
  source: BatchSource,
  start: TrainerState,
  progress: Progress,
  epoch: number,
  perEpoch: number,
): Promise<{ state: TrainerState; reason?: RunEndReason; message?: string }> {
  const first = start.step - epoch * perEpoch;
  const logEvery = Math.max(1, Math.floor(perEpoch / LINES_PER_EPOCH));
  let state = start;
  for await (const b of source.epoch(epoch, first)) {
    await pause(progress);
    if (o.signal?.aborted) {
      await save(o, state, progress);
      return { state, reason: "interrupted" };
    }
    const before = performance.now();
    const outcome = await stepOrMessage(o, state, b, perEpoch * o.epochs);
    const message = typeof outcome === "string" ? outcome : divergence(state, outcome);
    if (message !== undefined) return { state, reason: "diverged", message };
    state = advance(state, outcome as StepOutcome);
    progress.durations.push((performance.now() - before) / 1000);
    report(o, state, outcome as StepOutcome, epoch + 1, state.step % logEvery === 0);
  }
  return { state };
}

/** CPU backends answer at once: promises alone would never let a signal or a timer through. */
async function pause(progress: Progress): Promise<void> {
  if (performance.now() - progress.paused < PAUSE_EVERY) return;
  await new Promise((resolve) => setTimeout(resolve, 0));
  progress.paused = performance.now();
}

async function stepOrMessage(
  o: TrainOptions,
  state: TrainerState,
  b: { readonly images: Float32Array; readonly labels: Int32Array; readonly count: number },
  total: number,
): Promise<StepOutcome | string> {
  const { engine } = o.method;
  const x = engine.tensor(b.images, [b.count, b.images.length / b.count]);
  const labels = engine.tensor(b.labels, [b.count]);
  const settings = {
    rate: o.rate(state.step, total),
    progress: state.step / total,
    random: new Random(o.seed).fork(`step ${state.step}`),
    ...(o.clipNorm === undefined ? {} : { clipNorm: o.clipNorm }),
  };
  try {
    return await trainStep(o.method, o.network, state.states, { x, labels }, settings);
  } catch (error) {
    if (error instanceof NonFiniteError) return error.message.replace(/^Cannot [^:]*: /, "");
    throw error;
  } finally {
    disposeAll([x, labels]);
  }
}

function divergence(state: TrainerState, outcome: StepOutcome): string | undefined {
  const first = Number.isNaN(state.firstLoss) ? outcome.loss : state.firstLoss;
  const message = grown(first, outcome.loss);
  if (message !== undefined) disposeStates(outcome.states, state.states);
  return message;
}

/** Says how far the loss grew where that is no training any more. */
function grown(first: number, loss: number): string | undefined {
  if (loss <= DIVERGENCE_FACTOR * first) return undefined;
  return `the loss grew from ${first.toPrecision(3)} to ${loss.toPrecision(3)}`;
}

function advance(state: TrainerState, outcome: StepOutcome): TrainerState {
  disposeStates(state.states, outcome.states);
  return {
    ...state,
    step: state.step + 1,
    states: outcome.states,
    lossSum: state.lossSum + outcome.loss,
    firstLoss: Number.isNaN(state.firstLoss) ? outcome.loss : state.firstLoss,
  };
}

function report(
  o: TrainOptions,
  state: TrainerState,
  outcome: StepOutcome,
  epoch: number,
  log: boolean,
): void {
  const ranks = ranksOf(o.network, state.states);
  const factorised = Object.keys(ranks).length > 0;
  const totalRank = Object.values(ranks).reduce((a, b) => a + b, 0);
  o.listener?.({
    type: "step",
    step: state.step,
    epoch,
    loss: outcome.loss,
    ...(factorised ? { totalRank } : {}),
  });
  if (!log) return;
  const { discarded, loss } = outcome;
  o.folder?.appendMetric({
    step: state.step,
    epoch,
    loss,
    ...(factorised ? { ranks, discarded } : {}),
  });
}

/** Measures, logs and saves at the end of an epoch; a message when the network diverged. */
async function closeEpoch(
  o: TrainOptions,
  state: TrainerState,
  progress: Progress,
  epoch: number,
  perEpoch: number,
): Promise<{ state: TrainerState; message?: string }> {
  const test = await measureSplit(o, state.states, o.dataset.test);
  const message = grown(state.firstLoss, test.loss);
  if (message !== undefined) return { state, message };
  progress.test = test;
  const next = {
    ...await judge(o, state),
    lossSum: 0,
    trainLoss: state.lossSum / perEpoch,
    secondsPerStep: median(progress.durations),
  };
  const line: MetricLine = {
    step: next.step,
    epoch,
    loss: next.trainLoss,
    learningRate: o.rate(next.step - 1, perEpoch * o.epochs),
    testLoss: test.loss,
    testAccuracy: test.accuracy,
    ...await rankMetrics(o.method, o.network, next.states),
    secondsPerStep: median(progress.durations.slice(-perEpoch)),
  };
  o.folder?.appendMetric(line);
  o.listener?.({ type: "epoch", metrics: line });
  await save(o, next, progress);
  return { state: next };
}

async function judge(o: TrainOptions, state: TrainerState): Promise<TrainerState> {
  if (!o.earlyStop) return state;
  const { accuracy } = await measureSplit(o, state.states, o.earlyStop.split);
  return accuracy > state.bestAccuracy
    ? { ...state, bestAccuracy: accuracy, epochsSinceBest: 0 }
    : { ...state, epochsSinceBest: state.epochsSinceBest + 1 };
}

async function save(o: TrainOptions, state: TrainerState, progress: Progress): Promise<void> {
  if (!o.folder) return;
  const timed = { ...state, seconds: secondsSince(progress) };
  const path = await o.folder.saveCheckpoint(await storeState(o.method.engine, timed));
  progress.lastSaved = state.step;
  o.listener?.({ type: "checkpoint", path, step: state.step });
}

function end(
  o: TrainOptions,
  state: TrainerState,
  progress: Progress,
  reason: RunEndReason,
  why?: string,
): TrainResult {
  const seconds = secondsSince(progress);
  o.listener?.({ type: "end", reason, step: state.step, seconds });
  const finished = reason === "finished" || reason === "stopped-early";
  return {
    reason,
    state: { ...state, seconds },
    trainLoss: state.trainLoss,
    // A run that was over when it was resumed has timed no step of its own.
    secondsPerStep: progress.durations.length > 0
      ? median(progress.durations)
      : state.secondsPerStep,
    ...(finished && progress.test ? { test: progress.test } : {}),
    ...(why === undefined ? {} : { message: divergenceMessage(o, state, progress, why) }),
  };
}

function divergenceMessage(
  o: TrainOptions,
  state: TrainerState,
  progress: Progress,
  why: string,
): string {
  const total = o.epochs * batchCount(o.dataset.train.count, o.batch, true);
  // Either the last step was too long, or the one that failed was.
  const rate = Math.max(...[state.step - 1, state.step].map((n) => o.rate(Math.max(0, n), total)));
  const saved = o.folder && progress.lastSaved !== undefined
    ? `; the checkpoint of step ${progress.lastSaved} is kept in ${o.folder.path}`
    : "";
  return `Training diverged after step ${state.step}: ${why}${saved}. ` +
    `Lower the learning rate (now ${Number(rate.toPrecision(3))}) or clip the gradient`;
}

function secondsSince(progress: Progress): number {
  return (performance.now() - progress.started) / 1000;
}

function measureSplit(o: TrainOptions, states: WeightStates, split: Split): Promise<Measurement> {
  return measure(o.method, o.network, states, split, { classes: o.dataset.classes });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : sorted[sorted.length >> 1]!;
}

function disposeAll(tensors: readonly Tensor[]): void {
  for (const t of tensors) t.dispose();
}
