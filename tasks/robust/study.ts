/**
 * One network of a study: trained, then attacked.
 *
 * @module
 */

import { join } from "node:path";
import {
  type AdversarialObjective,
  adversarialTrainings,
  attacks,
  checked,
  choose,
  type Dataset,
  type Layer,
  parseChoice,
  readRun,
  type Regularization,
  regularizers,
  type RegularizerSettings,
  strengthSchedules,
  type Summary,
  type TrainingMethod,
  trainingSummary,
} from "../../core/mod.ts";
import { fitInto } from "../classification/identity.ts";
import type { Job } from "../classification/job.ts";
import { runVariant } from "../classification/run.ts";
import { dense, methods } from "../methods.ts";
import type { RecipeContext } from "../recipe.ts";
import { writeReport } from "../reports/mod.ts";
import { UsageError } from "../usage_error.ts";
import { attackNetwork } from "./attack.ts";
import { type Candidate, denseFolder, type RobustOptions } from "./options.ts";
import type { RobustResult } from "./result.ts";

/**
 * Trains one network and attacks it; undefined when interrupted.
 *
 * @param folder That of the study.
 * @throws {UsageError} When an option is wrong or the network diverges.
 */
export async function examined(
  shared: Job,
  options: RobustOptions,
  candidate: Candidate,
  folder: string,
  context: RecipeContext,
): Promise<RobustResult | undefined> {
  const origin = denseFolder(options, folder, candidate.seed);
  const isDense = candidate.method === dense.name;
  const path = isDense ? origin : join(folder, candidate.folder);
  const job = jobOf(shared, options, candidate);
  const network = job.subject.network(job.dataset, methods.get(candidate.method).format);
  let summary = isDense && options.denseFrom !== ""
    ? await denseSummary(job, network, path)
    : undefined;
  const compressed = options.start === "dense" && !isDense;
  const variant = {
    label: `${candidate.label}, seed ${candidate.seed}`,
    method: candidate.method,
    learningRate: rateOf(options, candidate),
    epochs: options.epochs,
    path,
    ...(compressed ? { origin } : {}),
  };
  if (!summary) {
    const outcome = await runVariant(job, variant, options.resume && "if-present");
    const { result } = outcome;
    if (result?.reason === "diverged") throw new UsageError(`${variant.label}: ${result.message}`);
    summary = outcome.summary;
    if (!summary) return undefined;
    if (result) await writeReport(path);
  }
  try {
    return await attackNetwork(
      { candidate, job, options, network, path, sink: context.sink },
      summary,
    );
  } catch (error) {
    if (context.signal.aborted) return undefined;
    throw error;
  }
}

/** The end of a dense run that somebody names. */
async function denseSummary(job: Job, network: Layer, path: string): Promise<Summary> {
  const { config, summary } = await readRun(path);
  if (config.settings.method === dense.name && summary) {
    fitInto(job, network, path, config);
    return checked(trainingSummary, summary, join(path, "summary.json"));
  }
  throw new UsageError(
    `Cannot take the dense network from ${path}: expected a finished run of method ` +
      `${dense.name}, got ${summary ? config.settings.method : "one without a summary"}`,
  );
}

function rateOf(o: RobustOptions, { method }: Candidate): number {
  if (method === dense.name) return o.baselineLearningRate;
  return o.learningRate || methods.get(method).learningRate;
}

/** The shared job with what is the candidate's own. */
function jobOf(job: Job, o: RobustOptions, candidate: Candidate): Job {
  const { seed, tolerance, beta } = candidate;
  const method: TrainingMethod = {
    ...job.method,
    truncation: { ...job.method.truncation, tolerance },
    ...(beta > 0 ? { regularization: [regularizationOf(o, beta)] } : {}),
  };
  const objective = o.training === "clean" ? {} : { objective: objectiveOf(o, job.dataset) };
  // The options that describe the run in its folder.
  const own = { ...job.options, seed, tolerance, beta };
  return { ...job, method, options: own, ...objective };
}

function regularizationOf(o: RobustOptions, strength: number): Regularization {
  const { plugin: regularizer, settings } = parseChoice(regularizers, o.regularizer);
  return {
    regularizer,
    settings: settings as RegularizerSettings,
    strength,
    schedule: choose(strengthSchedules, o.strength),
    coupling: o.coupling === "field" ? "field" : "split",
  };
}

function objectiveOf(o: RobustOptions, { shape, classes }: Dataset): AdversarialObjective {
  return choose(adversarialTrainings, o.training).create({
    shape,
    classes,
    epsilon: o.trainEpsilon,
    attack: attacks.get("pgd"),
    settings: { steps: o.trainSteps },
  });
}
