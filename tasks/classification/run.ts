/**
 * One run of a job, from its folder to its summary.
 *
 * @module
 */

import {
  type Dataset,
  describeEnvironment,
  holdOut,
  type Layer,
  parseAugmentation,
  readRun,
  type RunConfig,
  RunFolder,
  type Split,
  type Summary,
  tensorsIn,
  train,
  type TrainOptions,
  type TrainResult,
} from "../../core/mod.ts";
import { rateAt, schedules } from "../../optimizers/mod.ts";
import { dense, methods } from "../methods.ts";
import { compressedStart } from "./compressed_start.ts";
import { decayedStart } from "./decayed_start.ts";
import type { Job } from "./job.ts";
import { withRanksOf } from "./matched_ranks.ts";
import { summarise } from "./summary.ts";
import type { Variant } from "./variant.ts";

/** Options that a resumed run may change. */
const MAY_CHANGE = [
  ...["backend", "threads", "out", "resume", "data", "offline", "baseline", "prefetch"],
  ...["origin", "checkpoint"],
];

/** A variant that ended. */
export interface Outcome {
  /** Which one. */
  readonly variant: Variant;
  /** How. */
  readonly result: TrainResult;
  /** Its result as numbers; absent when it came to none. */
  readonly summary?: Summary;
}

/**
 * Trains one variant, or goes on with it.
 *
 * @param resume Whether its folder must hold the run, or may; false: it must not.
 */
export async function runVariant(
  job: Job,
  variant: Variant,
  resume: boolean | "if-present",
): Promise<Outcome> {
  const { options: o, method } = job;
  const folder = await RunFolder.open(variant.path, configOf(job, variant), {
    resume,
    mayChange: MAY_CHANGE,
  });
  const { dataset, validation } = divided(job);
  const network = await networkOf(job, variant, dataset);
  const result = await train({
    label: variant.label,
    method,
    network,
    dataset,
    seed: o.seed,
    epochs: variant.epochs,
    batch: o.batch,
    augmentation: parseAugmentation(o.augmentation),
    prefetch: o.prefetch,
    rate: rateOf(job, variant),
    ...(o.clip > 0 ? { clipNorm: o.clip } : {}),
    ...(validation ? { earlyStop: { split: validation, patience: o.patience } } : {}),
    ...startOf(job, variant, network),
    folder,
    listener: job.listener,
    signal: job.signal,
  });
  const trainCount = dataset.train.count;
  const summary = summarise(job, variant, { network, trainCount, result });
  if (summary) await folder.writeSummary(summary);
  for (const t of tensorsIn(result.state.states)) t.dispose();
  return { variant, result, ...(summary ? { summary } : {}) };
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
    return { start: compressedStart(job, network, variant.origin) };
  }
  return decay > 0 ? { start: decayedStart(method, network, { seed, rank, decay }) } : {};
}

/** The data, less a tenth for validation where the run may stop early. */
function divided({ dataset, options: o }: Job): { dataset: Dataset; validation?: Split } {
  if (o.patience === 0) return { dataset };
  const split = holdOut(dataset.train, Math.ceil(dataset.train.count / 10), o.seed);
  return { dataset: { ...dataset, train: split.train }, validation: split.validation };
}

function rateOf({ options: o }: Job, { learningRate }: Variant): TrainOptions["rate"] {
  const schedule = schedules.get(o.schedule);
  return (step, totalSteps) => {
    // A short trial of a recipe that warms up shall need no other option.
    const warmupSteps = Math.min(o.warmup, Math.floor(totalSteps / 2));
    return rateAt(learningRate, schedule, step, { totalSteps, warmupSteps });
  };
}

function configOf(job: Job, variant: Variant): RunConfig {
  const { options: o, dataset } = job;
  const { method, learningRate, epochs, origin } = variant;
  return {
    recipe: job.subject.recipe,
    settings: { ...o, method, learningRate, epochs, ...(origin === undefined ? {} : { origin }) },
    seed: o.seed,
    backend: job.backend,
    dataset: { name: dataset.name, sha256: dataset.sha256 },
    environment: { ...describeEnvironment(), backend: job.method.engine.description },
  };
}
