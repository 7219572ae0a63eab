/**
 * Networks fitted to arrays.
 *
 * @module
 */

import {
  checkInteger,
  disposeStates,
  type Engine,
  fanOut,
  isTensor,
  type Layer,
  type Listener,
  type MetricLine,
  type Task,
  train,
  type TrainingMethod,
  type TrainResult,
  type WeightState,
  type WeightStates,
} from "../../core/mod.ts";
import { rateAt } from "../../optimizers/mod.ts";
import { createTerminalListener } from "../terminal/mod.ts";
import { History } from "./history.ts";
import { examplesLike, isTask, meaningOf, parted, requireArrays } from "./learnt.ts";
import { type Arrays, examples } from "./numbers.ts";
import {
  type FitOptions,
  heldBack,
  learningRateOf,
  lengthsOf,
  methodOf,
  type RunsOn,
  scheduleOf,
  withStartRanks,
} from "./options.ts";
import { inTurn, outputShape } from "./passes.ts";
import { measurementsIn, openFolder } from "./run_folder.ts";
import { TrainedModel } from "./trained_model.ts";
import { readWeights } from "./weights_file.ts";

/**
 * Fits a network.
 *
 * @param network Maps `x` to outputs; its weights say in which format they are trained.
 * @param learnt A task, or arrays `x` and `y` with the examples first. Where the network has several
 * outputs and `y` one whole number per example, these are classes (the largest output is the
 * answer, by cross-entropy); any other `y` are numbers (mean squared error); `x` alone is to be
 * given back.
 * @returns The model; dispose it, or declare it with `using`.
 * @throws {RangeError} When arrays and network do not fit, a number is not finite, or an option
 * makes no sense.
 * @throws {Error} When the training diverged.
 *
 * @example A regression
 * ```ts
 * import { fit, perceptron } from "@rankflow/rankflow";
 * import { assert } from "@std/assert";
 *
 * const x = Array.from({ length: 200 }, (_, i) => i / 100 - 1);
 * const network = perceptron({ sizes: [1, 32, 32, 1], format: "low-rank", activation: "tanh" });
 * using model = await fit(network, { x, y: x.map((v) => Math.sin(3 * v)) });
 * const { data } = await model.predict([0, 0.5]);
 * assert(Math.abs(data[1]! - Math.sin(1.5)) < 0.2);
 * ```
 */
export async function fit(
  network: Layer,
  learnt: Task | Arrays,
  options: FitOptions = {},
): Promise<TrainedModel> {
  const { seed = 1 } = options;
  checkInteger("fit the network", "seed", seed, { least: 0 });
  // Arrays are looked at before an engine is opened.
  if (!isTask(learnt)) requireArrays("fit the network", learnt);
  const ranked = withStartRanks(network, options);
  const method = await methodOf(options);
  return await inTurn(async () => {
    const task = isTask(learnt) ? learnt : await taskOf(method, ranked, learnt, options);
    const { result, lines } = await trained(method, ranked, task, options);
    const { reason, test } = result;
    const states = reason === "diverged" ? {} : withoutMoments(result.state.states);
    disposeStates(result.state.states, states);
    if (reason === "diverged") throw new Error(result.message);
    const history = new History(lines, task.measures);
    return new TrainedModel({ network, method, states, task, history, reason, test });
  });
}

/** Weights alone: what movers keep beside them begins anew. */
function withoutMoments(states: WeightStates): WeightStates {
  return Object.fromEntries(
    Object.entries(states).map(([name, { moments: _, ...state }]) => [name, state as WeightState]),
  );
}

/** What arrays are to teach a network. */
async function taskOf(
  method: TrainingMethod,
  network: Layer,
  arrays: Arrays,
  options: FitOptions,
): Promise<Task> {
  const action = "fit the network";
  const x = examples({ x: arrays.x! });
  const outputs = await outputShape(action, method, network, x);
  const { examples: all, task } = meaningOf(action, arrays, outputs);
  if (options.test) return task(all, examplesLike(action, options.test, all));
  const { train, test } = parted(all, heldBack(all.count, options), options.seed ?? 1);
  return task(train, test);
}

/** A training, with what was measured on the way. */
async function trained(
  method: TrainingMethod,
  network: Layer,
  task: Task,
  options: FitOptions,
): Promise<{ result: TrainResult; lines: readonly MetricLine[] }> {
  const { seed = 1, warmup = 0, clipNorm, progress, signal, start } = options;
  const learningRate = learningRateOf(network, options);
  const schedule = scheduleOf(options);
  const chosen = { method, network, task, seed, ...lengthsOf(task.train.count, options) };
  using folder = options.folder === undefined ? undefined : await openFolder(options.folder, {
    ...chosen,
    learningRate,
    schedule: schedule.name,
    warmup,
  });
  const lines: MetricLine[] = [];
  const keep: Listener = (event) => {
    if (event.type === "epoch") lines.push(event.metrics);
  };
  const heard = typeof progress === "function" ? progress : progress && createTerminalListener();
  const result = await train({
    label: task.name,
    ...chosen,
    rate: (step, totalSteps) =>
      rateAt(learningRate, schedule, step, { totalSteps, warmupSteps: warmup }),
    listener: heard ? fanOut(keep, heard) : keep,
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(signal ? { signal } : {}),
    ...(start ? { start: () => Promise.resolve(copyOf(method.engine, start.states)) } : {}),
    ...(folder ? { folder } : {}),
  });
  return { result, lines: folder ? await measurementsIn(folder) : lines };
}

/** Weights of one's own. */
function copyOf<T>(engine: Engine, tree: T): T {
  if (typeof tree !== "object" || tree === null) return tree;
  if (isTensor(tree)) return engine.clone(tree) as T;
  return Object.fromEntries(Object.entries(tree).map(([k, v]) => [k, copyOf(engine, v)])) as T;
}

/**
 * Reads a model that {@linkcode TrainedModel.save} wrote; or dense weights of another program, where
 * tensors have the names and shapes of the weights.
 *
 * @param network The network that it was made with.
 * @param path The file.
 * @returns The model; dispose it, or declare it with `using`.
 * @throws {Error} When the file is missing or damaged, or holds the weights of another network.
 *
 * @example What is saved is what is loaded
 * ```ts
 * import { fit, load, perceptron } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const network = perceptron({ sizes: [2, 8, 1] });
 * const path = await Deno.makeTempFile({ suffix: ".safetensors" });
 * using model = await fit(network, { x: [[0, 1], [1, 0], [1, 1]], y: [1, 1, 0] }, { epochs: 2 });
 * await model.save(path);
 * using again = await load(network, path);
 * assertEquals(await again.predict([[0, 1]]), await model.predict([[0, 1]]));
 * await Deno.remove(path);
 * ```
 */
export async function load(
  network: Layer,
  path: string,
  options: RunsOn = {},
): Promise<TrainedModel> {
  const method = await methodOf(options);
  const { states, input } = await inTurn(() => readWeights(path, method, network));
  return new TrainedModel({ network, method, states, input, history: new History([], []) });
}
