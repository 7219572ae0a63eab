/**
 * One run of a job, from its folder to its summary.
 *
 * @module
 */

import {
  choose,
  type Dataset,
  describeEnvironment,
  type Examples,
  holdOut,
  imageClassification,
  imageExamples,
  type Layer,
  parseAugmentation,
  readRun,
  requireMovable,
  type RunConfig,
  RunFolder,
  type Summary,
  tensorsIn,
  train,
  type TrainOptions,
  type TrainResult,
} from "../../core/mod.ts";
import { rateAt, schedules } from "../../optimizers/mod.ts";
import { dense, methods } from "../methods.ts";
import { pluginRecord } from "../plugins.ts";
import { compressedStart } from "./compressed_start.ts";
import { decayedStart } from "./decayed_start.ts";
import { type Identity, identityOf } from "./identity.ts";
import type { Job } from "./job.ts";
import { withRanksOf } from "./matched_ranks.ts";
import { summarise } from "./summary.ts";
import type { Variant } from "./variant.ts";

/** Options that a resumed run may change. */
const MAY_CHANGE = [
  ...["backend", "threads", "out", "resume", "data", "offline", "baseline", "prefetch"],
  ...["origin", "checkpoint", "tensorboard"],
];

/** A variant that ended. */
export interface Outcome {
  /** Which one. */
  readonly variant: Variant;
  /** How; absent where it had ended before and was not looked into again. */
  readonly result?: TrainResult;
  /** Its result as numbers; absent when it came to none. */
  readonly summary?: Summary;
}

/**
 * Trains one variant, or goes on with it. Its folder is kept from others until the job ends.
 *
 * @param resume Whether its folder must hold the run, or may; false: it must not.
 * @throws {Error} When the folder holds another run, or somebody else is writing there.
 */
export async function runVariant(
  job: Job,
  variant: Variant,
  resume: boolean | "if-present",
): Promise<Outcome> {
  const { dataset, validation } = divided(job);
  const task = {
    ...imageClassification(dataset, parseAugmentation(job.options.augmentation)),
    ...job.objective,
  };
  const network = await networkOf(job, variant, dataset);
  requireMovable(job.method, network);
  const identity = await identityOf(job, variant, network, dataset);
  const config = { ...configOf(job, variant, identity), measures: task.measures };
  const folder = job.processes.comm.rank === 0
    ? await openFolder(job, variant.path, config, resume)
    : undefined;
  const before = job.trustFinished && resume ? await folder?.loadSummary() : undefined;
  if (before) return { variant, summary: before };
  const result = await train({
    ...optionsOf(job, variant),
    network,
    task,
    ...(validation ? { earlyStop: { on: validation, patience: job.options.patience } } : {}),
    ...startOf(job, variant, network),
    ...(folder ? { folder } : {}),
  });
  folder?.keep();
  const summary = summarise(job, variant, { network, task, result });
  if (summary) await folder?.writeSummary(summary);
  for (const t of tensorsIn(result.state.states)) t.dispose();
  return { variant, result, ...(summary ? { summary } : {}) };
}

/** The folder of a variant, which the job closes. */
async function openFolder(
  { folders, listener, options: { tensorboard } }: Job,
  path: string,
  config: RunConfig,
  resume: boolean | "if-present",
): Promise<RunFolder> {
  const options = { resume, mayChange: MAY_CHANGE, tensorboard };
  const folder = folders.use(await RunFolder.open(path, config, options));
  for (const text of folder.warnings) listener({ type: "message", level: "warning", text });
  return folder;
}

/** What follows from the options alone. */
function optionsOf(
  job: Job,
  variant: Variant,
): Omit<TrainOptions, "network" | "task" | "folder"> {
  const { options: o, method, listener, signal, processes } = job;
  return {
    label: variant.label,
    method,
    seed: o.seed,
    epochs: variant.epochs,
    batch: o.batch,
    prefetch: o.prefetch,
    rate: rateOf(job, variant),
    ...(o.clip > 0 ? { clipNorm: o.clip } : {}),
    listener,
    signal,
    ...processes,
  };
}

async function networkOf(job: Job, variant: Variant, dataset: Dataset): Promise<Layer> {
  const { seed } = job.options;
  const ranksFrom = job.options.ranksFrom.replaceAll("{seed}", String(seed));
  const network = job.subject.network(dataset, methods.get(variant.method).format);
  if (ranksFrom === "" || variant.method === dense.name) return network;
  return withRanksOf(network, await readRun(ranksFrom));
}

/** Where it starts, if not at random. */
function startOf(job: Job, variant: Variant, network: Layer): Partial<TrainOptions> {
  const { method, options: { seed, rank, decay = 0 } } = job;
  if (variant.origin !== undefined) {
    return { start: compressedStart(job, network, variant.origin, variant.compression) };
  }
  return decay > 0 ? { start: decayedStart(method, network, { seed, rank, decay }) } : {};
}

/** The data, less a tenth for validation where the run may stop early. */
function divided({ dataset, options: o }: Job): { dataset: Dataset; validation?: Examples } {
  if (o.patience === 0) return { dataset };
  const { train, validation } = holdOut(
    dataset.train,
    Math.ceil(dataset.train.count / 10),
    o.seed,
  );
  return { dataset: { ...dataset, train }, validation: imageExamples(validation, dataset.shape) };
}

function rateOf({ options: o }: Job, { learningRate }: Variant): TrainOptions["rate"] {
  const schedule = choose(schedules, o.schedule);
  return (step, totalSteps) => {
    // A short trial of a recipe that warms up shall need no other option.
    const warmupSteps = Math.min(o.warmup, Math.floor(totalSteps / 2));
    return rateAt(learningRate, schedule, step, { totalSteps, warmupSteps });
  };
}

function configOf(job: Job, variant: Variant, identity: Identity): RunConfig {
  const { options: o } = job;
  const { method, learningRate, epochs, origin } = variant;
  return {
    recipe: job.subject.recipe,
    settings: { ...o, method, learningRate, epochs, ...(origin === undefined ? {} : { origin }) },
    seed: o.seed,
    backend: job.backend,
    ...identity,
    environment: { ...describeEnvironment(), backend: job.method.engine.description },
    ...pluginRecord(),
  };
}
