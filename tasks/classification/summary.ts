/**
 * The result of a run as numbers.
 *
 * @module
 */

import {
  executionPlans,
  fullSize,
  type Layer,
  ranksOf,
  representationOf,
  type Summary,
  type Task,
  tensorsIn,
  testFields,
  type TrainResult,
} from "../../core/mod.ts";
import { methods } from "../methods.ts";
import type { RunOptions } from "../settings.ts";
import type { Job } from "./job.ts";
import type { Variant } from "./variant.ts";

/** What a summary is made of beside the job and the variant. */
export interface Ended {
  /** What was trained. */
  readonly network: Layer;
  /** What was learnt. */
  readonly task: Task;
  /** How it ended. */
  readonly result: TrainResult;
}

/** What a summary says that is no result. */
export interface About extends Pick<Summary, "recipe" | "seed" | "backend" | "dataset"> {
  /** Name of the method for people. */
  readonly method: string;
  /** Examples per step. */
  readonly batch: number;
  /** Names of classes, where there are some. */
  readonly classNames?: readonly string[];
}

/** The summary of a run; undefined when it came to no result. */
export function resultOf(
  { batch, classNames, ...about }: About,
  ended: Ended,
): Summary | undefined {
  const { network, task, result } = ended;
  const { test, state, trainLoss, secondsPerStep, spent, traffic } = result;
  if (!test) return undefined;
  const sizes = network.weights.map((w) => representationOf(w).size(state.states[w.name]!));
  const parameters = sizes.reduce((a, b) => a + b, 0);
  const moments = tensorsIn(Object.values(state.states).map((s) => s.moments))
    .reduce((sum, t) => sum + t.size, 0);
  const denseParameters = network.weights
    .filter((spec) => representationOf(spec).anchor !== undefined)
    .reduce((sum, spec) => sum + fullSize(spec), 0);
  return {
    ...about,
    epochs: Math.ceil(state.step / Math.floor(task.train.count / batch)),
    steps: state.step,
    trainLoss,
    testLoss: test.loss,
    ...testFields(test.values),
    measures: task.measures,
    parameters,
    trainingNumbers: parameters + moments,
    denseParameters,
    compression: 100 * (1 - parameters / denseParameters),
    ranks: ranksOf(network, state.states),
    executions: executionPlans(network, state.states),
    secondsPerStep,
    seconds: state.seconds,
    spent: { ...spent },
    ...(traffic ? { traffic: { ...traffic } } : {}),
    ...(test.confusion ? { confusion: test.confusion } : {}),
    ...(classNames ? { classNames } : {}),
  };
}

/** The summary of a variant of a job; undefined when it came to no result. */
export function summarise(
  { subject, options, backend, dataset: { name: dataset, classNames } }: Job,
  variant: Variant,
  ended: Ended,
): Summary | undefined {
  const { seed, batch } = options;
  const about = { recipe: subject.recipe, method: mover(variant.method, options), seed, backend };
  return resultOf({ ...about, dataset, batch, classNames }, ended);
}

/** Name of the integrator that moves the factors, or else of the method. */
function mover(name: string, options: RunOptions): string {
  const { moves } = methods.get(name);
  return moves ? options[moves] : name;
}
