/**
 * Training on a task of any kind: a few networks one after another, each in its folder, then one
 * table and one report.
 *
 * @module
 */

import {
  type DatasetIdentity,
  describeEnvironment,
  type Layer,
  Run,
  type Task,
  tensorsIn,
  type TrainingMethod,
  type WeightStates,
} from "../core/mod.ts";
import { weightTexts } from "./classification/identity.ts";
import { resultOf } from "./classification/summary.ts";
import { resultTable } from "./classification/table.ts";
import { pluginRecord } from "./plugins.ts";
import type { RecipeContext } from "./recipe.ts";
import { writeReport } from "./reports/mod.ts";
import { openRunFolder, stopped } from "./run_folder.ts";
import { runPath } from "./run_path.ts";
import { createTerminalListener } from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";

/** What the networks of a comparison share. */
export interface Comparison {
  /** Registry name of the recipe. */
  readonly recipe: string;
  /** Its options. */
  readonly settings: {
    /** Seed of weights and data order. */
    readonly seed: number;
    /** Passes through the training examples, where no steps are said; default 1. */
    readonly epochs?: number;
    /** Examples per step. */
    readonly batch: number;
    /** Folder, empty for one of this moment. */
    readonly out: string;
    /** Whether to go on with what is there. */
    readonly resume: boolean;
  };
  /** What is learnt. */
  readonly task: Task;
  /** From what. */
  readonly dataset: DatasetIdentity;
  /** How weights move. */
  readonly method: TrainingMethod;
  /** Registry name of the backend. */
  readonly backend: string;
  /** Takes the steps of a run until it is over. */
  readonly loop: (run: Run) => Promise<void>;
  /** Steps in all, in place of epochs. */
  readonly steps?: number;
  /** Steps between two measurements; default: those of an epoch. */
  readonly measureEvery?: number;
  /** Largest norm of the whole gradient; absent: no clipping. */
  readonly clipNorm?: number;
  /** Step size at a step of a network with that one; default: the same throughout. */
  readonly rateAt?: (rate: number, step: number, totalSteps: number) => number;
}

/** One network of a comparison. */
export interface Compared {
  /** For people; the dense twin comes last. */
  readonly label: string;
  /** The network. */
  readonly network: Layer;
  /** Step size. */
  readonly rate: number;
  /** Makes the weights to start from; default: random ones. */
  readonly start?: () => Promise<WeightStates>;
  /** What else its summary tells. */
  readonly facts?: Readonly<Record<string, number>>;
}

/** Options that a resumed run may change. */
const MAY_CHANGE = ["backend", "threads", "out", "resume", "data"];

/**
 * Trains the networks, the first one into the folder of the run and the other, its twin where there
 * is one, into `baseline` there; then prints their table and writes the report.
 *
 * @returns Exit code: 0 when finished, 130 when interrupted.
 * @throws {UsageError} When one diverged, or no folder to resume is named.
 */
export async function compareRuns(
  comparison: Comparison,
  networks: readonly [Compared, Compared?],
  context: RecipeContext,
): Promise<number> {
  const { recipe, settings: { out, resume } } = comparison;
  if (resume && out === "") {
    throw new UsageError("Cannot resume: name the folder of the run with --out DIR");
  }
  const path = runPath(out, recipe);
  const rows = [];
  for (const [i, compared] of networks.entries()) {
    if (!compared) continue;
    const folder = i === 0 ? path : `${path}/baseline`;
    const mode = resume && (i === 0 || "if-present");
    const { result, summary } = await trained(comparison, compared, folder, mode, context);
    if (!summary) return stopped(result, path, recipe, context);
    rows.push({ label: compared.label, summary });
  }
  if (context.processes && context.processes.comm.rank > 0) return 0;
  context.sink.write(`\n${resultTable(rows)}\n\nReport: ${await writeReport(path)}\n`);
  return 0;
}

/** One network from its start, or its checkpoint, to its summary. */
async function trained(
  { recipe, settings, task, dataset, method, backend, loop, ...lengths }: Comparison,
  { label, network, rate, facts, start }: Compared,
  path: string,
  resume: boolean | "if-present",
  { sink, signal, processes }: RecipeContext,
) {
  const { seed, epochs = 1, batch } = settings;
  const { rateAt, ...limits } = lengths;
  const about = { recipe, seed, backend };
  const config = {
    ...about,
    settings: { ...settings },
    dataset,
    weights: weightTexts(network),
    measures: task.measures,
    ...pluginRecord(),
    environment: { ...describeEnvironment(), backend: method.engine.description },
  };
  using folder = (processes?.comm.rank ?? 0) === 0
    ? await openRunFolder(sink, path, config, { resume, mayChange: MAY_CHANGE })
    : undefined;
  using run = await Run.open({
    ...{ label, method, network, task, seed, epochs, batch, signal, ...limits, ...processes },
    ...(folder ? { folder } : {}),
    listener: createTerminalListener(sink),
    ...(start ? { start } : {}),
    rate: (step, totalSteps) => rateAt ? rateAt(rate, step, totalSteps) : rate,
  });
  await loop(run);
  const result = await run.finish();
  folder?.keep();
  const named = { ...about, method: label, dataset: dataset.name, batch };
  const known = resultOf(named, { network, task, result });
  const summary = known && Object.assign(known, facts);
  if (summary) await folder?.writeSummary(summary);
  for (const t of tensorsIn(result.state.states)) t.dispose();
  return { result, ...(summary ? { summary } : {}) };
}
