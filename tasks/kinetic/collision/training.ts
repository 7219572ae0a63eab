/**
 * Networks taught what collisions do.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  describeEnvironment,
  type Examples,
  examplesOf,
  fullSize,
  type Matrix,
  readMetrics,
  regression,
  representationOf,
  RunFolder,
  type Task,
  tensorsIn,
  train,
  type TrainingMethod,
  type TrainResult,
} from "../../../core/mod.ts";
import type { DeepOnet } from "../../../layers/mod.ts";
import { cosine, rateAt } from "../../../optimizers/mod.ts";
import { weightTexts } from "../../classification/identity.ts";
import { Interrupted } from "../../flow/ticker.ts";
import { pluginRecord } from "../../plugins.ts";
import type { RecipeContext } from "../../recipe.ts";
import { createTerminalListener } from "../../terminal/mod.ts";
import { UsageError } from "../../usage_error.ts";
import { rootMeanSquare } from "./errors.ts";
import { fullWeights } from "./learnt.ts";
import type { LinearCollision } from "./operator.ts";
import type { TrainedCollision } from "./result.ts";

/** Measurements in a training. */
const MEASUREMENTS = 10;

/** A network to be taught, and how. */
export interface CollisionLesson {
  /** What it is, for people. */
  readonly label: string;
  /** The network. */
  readonly network: DeepOnet;
  /** What it shall be. */
  readonly exact: LinearCollision;
  /** Densities to learn from, rows. */
  readonly densities: Matrix;
  /** Densities to measure on. */
  readonly test: Matrix;
  /** How weights move. */
  readonly method: TrainingMethod;
  /** Steps, each on all densities. */
  readonly steps: number;
  /** Largest step size. */
  readonly learningRate: number;
  /** Seed of the weights. */
  readonly seed: number;
}

/**
 * Trains a network, or goes on with its training.
 *
 * @param path Its own folder.
 * @throws {Interrupted} When the person pressed Ctrl-C; a checkpoint is there then.
 * @throws {UsageError} When it diverged.
 */
export async function taught(
  lesson: CollisionLesson,
  path: string,
  { sink, signal }: RecipeContext,
): Promise<TrainedCollision> {
  const { label, network, exact, densities, test, method, steps, learningRate, seed } = lesson;
  const scale = rootMeanSquare(exact.apply(densities)) || 1;
  const task = regression({
    train: examplesFrom(exact, densities, scale),
    test: examplesFrom(exact, test, scale),
  });
  using folder = await RunFolder.open(path, configOf(lesson, task), { resume: "if-present" });
  const result = await train({
    ...{ label, method, network, task, seed, steps, folder, signal },
    epochs: 1,
    batch: densities.rows,
    measureEvery: Math.ceil(steps / MEASUREMENTS),
    listener: createTerminalListener(sink),
    rate: (step, totalSteps) => rateAt(learningRate, cosine, step, { totalSteps, warmupSteps: 0 }),
  });
  folder.keep();
  try {
    return await trainedOf(lesson, result, scale, path);
  } finally {
    for (const t of tensorsIn(result.state.states)) t.dispose();
  }
}

async function trainedOf(
  { label, network, method }: CollisionLesson,
  { reason, message, state }: TrainResult,
  scale: number,
  path: string,
): Promise<TrainedCollision> {
  if (reason === "interrupted") throw new Interrupted();
  if (reason === "diverged") throw new UsageError(`${label}: ${message}`);
  const sizes = network.weights.map((spec) => ({
    own: network.branch.includes(spec.name),
    stored: representationOf(spec).size(state.states[spec.name]!),
    full: fullSize(spec),
  }));
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const branch = sizes.filter(({ own }) => own);
  const weights = await fullWeights(method, network, state.states);
  const measured = (await readMetrics(join(path, "metrics.jsonl")))
    .filter(({ testLoss }) => testLoss !== undefined);
  return {
    label,
    weights: Object.fromEntries([...weights].map(([name, { data }]) => [name, data])),
    scale,
    branch: sum(branch.map(({ stored }) => stored)),
    fullBranch: sum(branch.map(({ full }) => full)),
    parameters: sum(sizes.map(({ stored }) => stored)),
    steps: Float64Array.from(measured, ({ step }) => step),
    losses: Float64Array.from(measured, ({ testLoss }) => Math.sqrt(testLoss!)),
    seconds: state.seconds,
  };
}

/** Densities and what collisions do to them, over the scale. */
function examplesFrom({ apply }: LinearCollision, densities: Matrix, scale: number): Examples {
  const shape = [densities.cols];
  return examplesOf({
    x: { data: Float32Array.from(densities.data), shape },
    y: { data: Float32Array.from(apply(densities).data, (v) => v / scale), shape },
  });
}

function configOf(lesson: CollisionLesson, task: Task) {
  const { label, network, densities, test, method, steps, learningRate, seed } = lesson;
  const { rule, integrator, truncation } = method;
  const { tolerance, maxRank = 0 } = truncation;
  const hash = createHash("sha256");
  for (const { data } of [densities, test]) hash.update(new Uint8Array(data.buffer));
  return {
    recipe: "collision",
    settings: {
      ...{ label, learningRate, tolerance, maxRank },
      optimizer: rule.name,
      integrator: integrator.name,
    },
    seed,
    backend: method.engine.backend,
    steps,
    dataset: {
      name: "collisions",
      sha256: hash.digest("hex"),
      train: densities.rows,
      test: test.rows,
    },
    weights: weightTexts(network),
    measures: task.measures,
    environment: describeEnvironment(),
    ...pluginRecord(),
  };
}
