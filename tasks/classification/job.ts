/**
 * What the runs of one job share.
 *
 * @module
 */

import {
  alone,
  choose,
  type Dataset,
  datasets,
  engineAlgebra,
  holdOut,
  integrators,
  type Layer,
  type Listener,
  openHostAlgebra,
  type OptimizerRule,
  optimizerStepper,
  parseAugmentation,
  parseChoice,
  refreshRules,
  type Settings,
  type Task,
  type TrainingMethod,
  truncationRules,
  tuckerIntegrators,
} from "../../core/mod.ts";
import { optimizers, seededRule } from "../../optimizers/mod.ts";
import { methods, movedBy } from "../methods.ts";
import { openBackend } from "../open_backend.ts";
import type { Processes } from "../processes.ts";
import type { RecipeContext } from "../recipe.ts";
import type { RunOptions } from "../settings.ts";
import { createTerminalListener } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";

/** What a recipe trains. */
export interface Subject {
  /** Registry name of the recipe. */
  readonly recipe: string;
  /** Registry name of the data set. */
  readonly source: string;
  /** Makes the network for a data set, with its weights in a format. */
  readonly network: (dataset: Dataset, format: string) => Layer;
}

/** Everything that the runs of a job share. */
export interface Job {
  /** What is trained. */
  readonly subject: Subject;
  /** How. */
  readonly options: RunOptions & { readonly decay?: number };
  /** On what. */
  readonly dataset: Dataset;
  /** Registry name of the backend. */
  readonly backend: string;
  /** Integrators, optimizer and engine. */
  readonly method: TrainingMethod;
  /** What replaces parts of the classification, such as attacked batches. */
  readonly objective?: Partial<Task>;
  /** Hears what happens. */
  readonly listener: Listener;
  /** Aborts when the person presses Ctrl-C, or the system asks to end. */
  readonly signal: AbortSignal;
  /** Who trains together; the first has the folders. */
  readonly processes: Processes;
  /** Folders of its runs: whoever opens the job disposes them when it ends. */
  readonly folders: DisposableStack;
  /** Whether runs that ended before are taken as they are; see {@linkcode RecipeContext}. */
  readonly trustFinished: boolean;
}

/**
 * Opens the backend and the data.
 *
 * @throws {UsageError} When options contradict each other; nothing has been written then.
 * @throws {RangeError} When a setting is unknown or out of range; nothing has been written then.
 * @throws The reason of the signal when that ends a download.
 */
export async function openJob(
  subject: Subject,
  options: RunOptions,
  { sink, signal, trustFinished = false, processes = { comm: alone() } }: RecipeContext,
): Promise<Job> {
  if (options.resume && options.out === "") {
    throw new UsageError("Cannot resume: name the folder of the run with --out DIR");
  }
  if (options.minRank > options.maxRank) {
    throw new UsageError(
      "Cannot train: expected --min-rank to be at most --max-rank, got " +
        `${options.minRank} and ${options.maxRank}`,
    );
  }
  parseAugmentation(options.augmentation);
  const rule = ruleOf(options);
  const listener = createTerminalListener(sink);
  const { engine, backend } = await openBackend(options, sink, processes.comm);
  const dataset = await load(subject.source, options, listener, signal);
  const method = await methodOf(engine, rule, options);
  const folders = new DisposableStack();
  const told = { listener, signal, processes, folders, trustFinished };
  return { subject, options, dataset, backend, method, ...told };
}

async function load(
  source: string,
  o: RunOptions,
  listener: Listener,
  signal: AbortSignal,
): Promise<Dataset> {
  const loading = choose(datasets, source).load({
    signal,
    seed: o.seed,
    offline: o.offline,
    ...(o.data === "" ? {} : { directory: o.data }),
    ...(o.trainCount > 0 ? { trainCount: o.trainCount } : {}),
    ...(o.testCount > 0 ? { testCount: o.testCount } : {}),
    onWarning: (text) => listener({ type: "message", level: "warning", text }),
    onProgress: ({ file, received, total }) =>
      listener({ type: "download", file, received, ...(total === undefined ? {} : { total }) }),
  });
  const dataset = await loading.catch((error) => {
    signal.throwIfAborted();
    throw error;
  });
  if (o.heldOut === 0) return dataset;
  const { train, validation: test } = holdOut(dataset.train, o.heldOut, o.seed);
  return { ...dataset, train, test };
}

async function methodOf(
  engine: TrainingMethod["engine"],
  rule: OptimizerRule,
  o: RunOptions,
): Promise<TrainingMethod> {
  return {
    engine,
    algebra: engineAlgebra(engine, await openHostAlgebra()),
    rule,
    stepper: optimizerStepper(rule, { coreSteps: o.coreSteps }),
    integrator: choose(integrators, o.integrator),
    tuckerIntegrator: choose(tuckerIntegrators, o.tuckerIntegrator),
    refresh: choose(refreshRules, o.refresh),
    groups: movedBy(o.mover, methods.get(o.method).format),
    truncation: {
      rule: choose(truncationRules, o.truncation),
      tolerance: o.tolerance,
      minRank: o.minRank,
      maxRank: o.maxRank,
    },
  };
}

/** The optimizer with its settings; those of `--optimizer` stand before the flags of their own. */
function ruleOf({ seed, optimizer, momentum, beta2, weightDecay }: RunOptions): OptimizerRule {
  const { plugin, settings } = parseChoice(optimizers, optimizer);
  const flags: Settings = { momentum, beta2, weightDecay };
  const given = Object.entries(flags).filter(([, value]) => value !== -1);
  return seededRule(plugin, seed, { ...Object.fromEntries(given), ...settings });
}
