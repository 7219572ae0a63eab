/**
 * The job behind the classification recipes: a low-rank network, next to its dense twin when asked
 * for, from data to report.
 *
 * @module
 */

import {
  type Dataset,
  datasets,
  describeEnvironment,
  engineAlgebra,
  holdOut,
  integrators,
  type Layer,
  type Listener,
  openEngine,
  openHostAlgebra,
  optimizerStepper,
  ranksOf,
  type RunConfig,
  RunFolder,
  type Summary,
  tensorsIn,
  train,
  type TrainingMethod,
  type TrainResult,
  truncationRules,
  weightFormats,
} from "../core/mod.ts";
import { initialisers, perceptron } from "../layers/mod.ts";
import { optimizers, rateAt, schedules } from "../optimizers/mod.ts";
import type { RecipeContext } from "./recipe.ts";
import { writeReport } from "./reports/mod.ts";
import type { ClassificationOptions } from "./settings.ts";
import {
  createTerminalListener,
  formatCount,
  formatDuration,
  formatPercent,
  renderTable,
} from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Exit codes of a run. */
const EXIT = { finished: 0, "stopped-early": 0, diverged: 1, interrupted: 130 } as const;

/** Options that a resumed run may change. */
const MAY_CHANGE = ["backend", "threads", "out", "resume", "data", "offline", "baseline"];

/** Everything that the two runs of a job share. */
interface Job {
  readonly recipe: string;
  readonly options: ClassificationOptions;
  readonly dataset: Dataset;
  readonly backend: string;
  readonly method: TrainingMethod;
  readonly listener: Listener;
  readonly signal: AbortSignal;
}

/** One of the runs. */
interface Variant {
  readonly label: string;
  readonly format: string;
  readonly learningRate: number;
  readonly path: string;
}

/** A variant that ended. */
interface Outcome {
  readonly variant: Variant;
  readonly result: TrainResult;
  readonly summary?: Summary;
}

/**
 * Trains a multilayer perceptron on a data set.
 *
 * @param name Registry name of the recipe.
 * @param source Registry name of the data set.
 * @returns Exit code: 0 when finished, 1 when it diverged, 130 when interrupted.
 */
export async function classify(
  name: string,
  source: string,
  options: ClassificationOptions,
  context: RecipeContext,
): Promise<number> {
  const { sink, signal } = context;
  if (options.resume && options.out === "") {
    throw new UsageError("Cannot resume: name the folder of the run with --out DIR");
  }
  const listener = createTerminalListener(sink);
  const opened = await openEngine(
    options.backend,
    options.threads > 0 ? { threads: options.threads } : {},
  );
  for (const { name, reason } of opened.passedOver) sink.write(`Passed over ${name}: ${reason}\n`);
  sink.write(`Backend ${opened.chosen}: ${opened.engine.description}\n`);
  const dataset = await load(source, options, listener);
  const method = await methodOf(opened.engine, options);
  const job = { recipe: name, options, dataset, backend: opened.chosen, method, listener, signal };
  const path = options.out || `runs/${name}-${timestamp()}`;
  const outcomes: Outcome[] = [];
  for (const variant of variants(options, path)) {
    const outcome = await runVariant(job, variant);
    outcomes.push(outcome);
    if (!outcome.summary) return stopped(outcome, path, name, context);
  }
  sink.write(`\n${comparison(outcomes)}\n`);
  sink.write(`\nReport: ${await writeReport(path)}\n`);
  return 0;
}

/** The low-rank run, then its dense twin in a sub-folder. */
function variants(o: ClassificationOptions, path: string): Variant[] {
  const own: Variant = {
    label: o.format === "dense" ? "dense" : o.format.replace("-", " "),
    format: o.format,
    learningRate: o.learningRate,
    path,
  };
  if (!o.baseline || o.format === "dense") return [own];
  const twin = {
    label: "dense baseline",
    format: "dense",
    learningRate: o.baselineLearningRate,
    path: `${path}/baseline`,
  };
  return [own, twin];
}

async function load(
  source: string,
  o: ClassificationOptions,
  listener: Listener,
): Promise<Dataset> {
  return await datasets.get(source).load({
    seed: o.seed,
    offline: o.offline,
    ...(o.data === "" ? {} : { directory: o.data }),
    ...(o.trainCount > 0 ? { trainCount: o.trainCount } : {}),
    ...(o.testCount > 0 ? { testCount: o.testCount } : {}),
    onProgress: ({ file, received, total }) =>
      listener({ type: "download", file, received, ...(total === undefined ? {} : { total }) }),
  });
}

async function methodOf(
  engine: TrainingMethod["engine"],
  o: ClassificationOptions,
): Promise<TrainingMethod> {
  const { momentum, beta2, weightDecay } = o;
  const rule = optimizers.get(o.optimizer).create({ momentum, beta2, weightDecay });
  return {
    engine,
    algebra: engineAlgebra(engine, await openHostAlgebra()),
    rule,
    stepper: optimizerStepper(rule, { coreSteps: o.coreSteps }),
    integrator: integrators.get(o.integrator),
    truncation: {
      rule: truncationRules.get(o.truncation),
      tolerance: o.tolerance,
      minRank: o.minRank,
      maxRank: Math.max(o.maxRank, o.minRank),
    },
  };
}

async function runVariant(job: Job, variant: Variant): Promise<Outcome> {
  const { options: o, dataset, method } = job;
  const folder = await RunFolder.open(variant.path, configOf(job, variant), {
    resume: o.resume && (variant.path.endsWith("/baseline") ? "if-present" : true),
    mayChange: MAY_CHANGE,
  });
  const network = networkOf(dataset, o, variant.format);
  const split = o.patience > 0
    ? holdOut(dataset.train, Math.ceil(dataset.train.count / 10), o.seed)
    : undefined;
  const schedule = schedules.get(o.schedule);
  const own = split ? { ...dataset, train: split.train } : dataset;
  const result = await train({
    label: variant.label,
    method,
    network,
    dataset: own,
    seed: o.seed,
    epochs: o.epochs,
    batch: o.batch,
    rate: (step, totalSteps) =>
      rateAt(variant.learningRate, schedule, step, { totalSteps, warmupSteps: o.warmup }),
    ...(o.clip > 0 ? { clipNorm: o.clip } : {}),
    ...(split ? { earlyStop: { split: split.validation, patience: o.patience } } : {}),
    folder,
    listener: job.listener,
    signal: job.signal,
  });
  const summary = summarise({ ...job, dataset: own }, variant, network, result);
  if (summary) await folder.writeSummary(summary);
  for (const t of tensorsIn(result.state.states)) t.dispose();
  return { variant, result, ...(summary ? { summary } : {}) };
}

function networkOf(dataset: Dataset, o: ClassificationOptions, format: string): Layer {
  const inputs = dataset.shape.reduce((n, d) => n * d, 1);
  const hidden = new Array<number>(o.depth - 1).fill(o.width);
  return perceptron({
    sizes: [inputs, ...hidden, dataset.classes],
    format,
    rank: o.rank,
    initialiser: initialisers.get(o.initialiser),
  });
}

function configOf(job: Job, variant: Variant): RunConfig {
  const { options: o, dataset } = job;
  return {
    recipe: job.recipe,
    settings: { ...o, format: variant.format, learningRate: variant.learningRate },
    seed: o.seed,
    backend: job.backend,
    dataset: { name: dataset.name, sha256: dataset.sha256 },
    environment: { ...describeEnvironment(), backend: job.method.engine.description },
  };
}

function summarise(
  job: Job,
  variant: Variant,
  network: Layer,
  result: TrainResult,
): Summary | undefined {
  const { test, state } = result;
  if (!test) return undefined;
  const sizes = network.weights.map((w) => weightFormats.get(w.format).size(state.states[w.name]!));
  const parameters = sizes.reduce((a, b) => a + b, 0);
  const dense = network.weights.map((w) => w.shape.reduce((n, d) => n * d, 1));
  const denseParameters = dense.reduce((a, b) => a + b, 0);
  const { train: { count } } = job.dataset;
  return {
    recipe: job.recipe,
    method: variant.format === "dense" ? "dense" : job.method.integrator.name,
    seed: job.options.seed,
    backend: job.backend,
    dataset: job.dataset.name,
    epochs: Math.ceil(state.step / Math.floor(count / job.options.batch)),
    steps: state.step,
    trainLoss: result.trainLoss,
    testAccuracy: test.accuracy,
    testLoss: test.loss,
    parameters,
    denseParameters,
    compression: 100 * (1 - parameters / denseParameters),
    ranks: ranksOf(network, state.states),
    secondsPerStep: result.secondsPerStep,
    seconds: state.seconds,
    confusion: test.confusion,
    classNames: job.dataset.classNames,
  };
}

/** Says how a run that came to no result ended. */
function stopped(outcome: Outcome, path: string, recipe: string, context: RecipeContext): number {
  const { reason, message, state } = outcome.result;
  if (reason === "diverged") throw new UsageError(message ?? "Training diverged");
  context.sink.write(
    `\nInterrupted after step ${state.step}; the checkpoint is saved. Go on with the same ` +
      `options and\n  deno task train ${recipe} --out ${path} --resume\n`,
  );
  return EXIT[reason];
}

function comparison(outcomes: readonly Outcome[]): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const rows = outcomes.map(({ variant, summary }) => {
    const s = summary!;
    return [
      variant.label,
      formatPercent(s.testAccuracy, 2),
      formatCount(s.parameters),
      formatPercent(s.compression / 100, 1),
      Object.values(s.ranks).join(" ") || "full",
      `${(1000 * s.secondsPerStep).toFixed(1)} ms`,
      formatDuration(s.seconds),
    ];
  });
  const heads = ["network", "test", "parameters", "saved", "ranks", "step", "time"];
  return renderTable(
    heads.map((h) => h === "network" || h === "ranks" ? h : right(h)),
    rows,
  );
}

function timestamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
}
