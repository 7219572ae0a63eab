/**
 * The job behind the recipe `robust`: networks of several kinds are trained, then attacked.
 *
 * @module
 */

import { join } from "node:path";
import {
  type AdversarialObjective,
  adversarialTrainings,
  attacks,
  checked,
  type Dataset,
  describeEnvironment,
  type Layer,
  readRun,
  type Regularization,
  regularizers,
  strengthSchedules,
  type Summary,
  type TrainingMethod,
  trainingSummary,
} from "../../core/mod.ts";
import { datasetIdentity, fitInto } from "../classification/identity.ts";
import { type Job, openJob, type Subject } from "../classification/job.ts";
import { runVariant } from "../classification/run.ts";
import { INTERRUPTED } from "../interruption.ts";
import { dense, methods } from "../methods.ts";
import { networkFor } from "../networks.ts";
import type { RecipeContext } from "../recipe.ts";
import { writeReport } from "../reports/mod.ts";
import { robustReport } from "../reports/robust.ts";
import { openRunFolder } from "../run_folder.ts";
import { runPath } from "../run_path.ts";
import { formatDuration } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";
import { attackNetwork } from "./attack.ts";
import {
  attacksOf,
  type Candidate,
  candidatesOf,
  denseFolder,
  type RobustOptions,
  runOptionsOf,
} from "./options.ts";
import { robustGroups, type RobustResult } from "./result.ts";
import { robustTables } from "./table.ts";

/** Options that a resumed study may change: attacks run anew where they differ. */
const MAY_CHANGE = ["backend", "threads", "out", "resume", "data", "offline"];

/**
 * Trains and attacks every network that the options ask for.
 *
 * @param recipe Registry name of the recipe.
 * @returns Exit code: 0 when finished, 130 when interrupted.
 * @throws {UsageError} When an option is wrong or a network diverges.
 */
export async function robustStudy(
  recipe: string,
  options: RobustOptions,
  context: RecipeContext,
): Promise<number> {
  attacksOf(options.attacks);
  const begin = performance.now();
  const { sink } = context;
  const path = runPath(options.out, recipe);
  const subject = subjectOf(recipe, options);
  const job = await openJob(subject, runOptionsOf(options), { ...context, trustFinished: true });
  using folders = job.folders;
  const folder = folders.use(
    await openRunFolder(sink, path, {
      recipe,
      settings: { ...options },
      seed: options.seeds[0]!,
      backend: job.backend,
      report: robustReport.name,
      dataset: datasetIdentity(job.dataset),
      environment: { ...describeEnvironment(), backend: job.method.engine.description },
    }, { resume: options.resume, mayChange: MAY_CHANGE }),
  );
  const results: RobustResult[] = [];
  for (const candidate of candidatesOf(options)) {
    const result = await examined(job, options, candidate, path, context);
    if (!result) {
      sink.write(
        `\nInterrupted; go on with the same options and --out ${path} --resume\n`,
      );
      return INTERRUPTED;
    }
    results.push(result);
  }
  const seconds = (performance.now() - begin) / 1000;
  const { classNames, shape } = job.dataset;
  const summary = { recipe, backend: job.backend, seconds, classNames, shape, results };
  await folder.writeSummary(summary);
  sink.write(`\n${robustTables(robustGroups(results))}\n`);
  sink.write(`\nReport after ${formatDuration(seconds)}: ${await writeReport(path)}\n`);
  return 0;
}

/** Trains one network and attacks it; undefined when interrupted. */
async function examined(
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
  return {
    regularizer: regularizers.get(o.regularizer),
    strength,
    schedule: strengthSchedules.get(o.strength),
    coupling: o.coupling === "field" ? "field" : "split",
  };
}

function objectiveOf(o: RobustOptions, { shape, classes }: Dataset): AdversarialObjective {
  return adversarialTrainings.get(o.training).create({
    shape,
    classes,
    epsilon: o.trainEpsilon,
    attack: attacks.get("pgd"),
    settings: { steps: o.trainSteps },
  });
}

function subjectOf(recipe: string, o: RobustOptions): Subject {
  return { recipe, source: o.dataset, network: (d, format) => networkFor(d, format, o) };
}
