/**
 * The folder of a fit that may be interrupted.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  batchCount,
  describeEnvironment,
  type Examples,
  type MetricLine,
  readMetrics,
  RunFolder,
  type Task,
  type TrainOptions,
} from "../../core/mod.ts";
import { weightTexts } from "../classification/identity.ts";

/** What decides about the steps of a fit. */
export interface FitSettings
  extends Pick<TrainOptions, "method" | "network" | "task" | "seed" | "batch" | "epochs"> {
  /** Base step size. */
  readonly learningRate: number;
  /** Registry name of its course. */
  readonly schedule: string;
  /** Steps of warm-up. */
  readonly warmup: number;
}

/**
 * Opens a folder for a new run, or the one that holds this run.
 *
 * @throws {Error} When it holds another run, or somebody else is writing there.
 */
export async function openFolder(path: string, fit: FitSettings): Promise<RunFolder> {
  const { method, network, task, seed, batch, epochs, learningRate, schedule, warmup } = fit;
  const { rule, integrator, truncation } = method;
  const names = {
    optimizer: rule.name,
    integrator: integrator.name,
    truncation: truncation.rule.name,
  };
  const { tolerance, minRank = 1, maxRank = 0 } = truncation;
  const numbers = { batch, epochs, learningRate, warmup, tolerance, minRank, maxRank };
  const config = {
    recipe: "fit",
    settings: { ...names, schedule, ...numbers },
    seed,
    backend: method.engine.backend,
    dataset: identityOf(task),
    weights: weightTexts(network),
    steps: epochs * batchCount(task.train.count, batch, true),
    measures: task.measures,
    environment: describeEnvironment(),
  };
  return await RunFolder.open(path, config, { resume: "if-present" });
}

/** What tells the examples of a task from others. */
function identityOf({ name, train, test }: Task) {
  const hash = createHash("sha256");
  for (const examples of [train, test]) addTo(hash, examples);
  return { name, sha256: hash.digest("hex"), train: train.count, test: test.count };
}

function addTo(hash: ReturnType<typeof createHash>, { columns }: Examples): void {
  for (const [name, { data, shape }] of Object.entries(columns)) {
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
}

/** The measurements that a folder holds. */
export async function measurementsIn({ path }: RunFolder): Promise<MetricLine[]> {
  const lines = await readMetrics(join(path, "metrics.jsonl"));
  return lines.filter((line) => line.testLoss !== undefined);
}
