/**
 * The result of a run as numbers.
 *
 * @module
 */

import {
  executionPlans,
  type Layer,
  ranksOf,
  type Summary,
  type TrainResult,
  weightFormats,
  type WeightSpec,
} from "../../core/mod.ts";
import { methods } from "../methods.ts";
import type { RunOptions } from "../settings.ts";
import type { Job } from "./job.ts";
import type { Variant } from "./variant.ts";

/** What a summary is made of beside the job and the variant. */
export interface Ended {
  /** What was trained. */
  readonly network: Layer;
  /** Training images. */
  readonly trainCount: number;
  /** How it ended. */
  readonly result: TrainResult;
}

/** The summary of a run; undefined when it came to no result. */
export function summarise(job: Job, variant: Variant, ended: Ended): Summary | undefined {
  const { network, trainCount, result: { test, state, trainLoss, secondsPerStep } } = ended;
  if (!test) return undefined;
  const sizes = network.weights.map((w) => weightFormats.get(w.format).size(state.states[w.name]!));
  const parameters = sizes.reduce((a, b) => a + b, 0);
  const denseParameters = network.weights.map(fullSize).reduce((a, b) => a + b, 0);
  return {
    recipe: job.subject.recipe,
    method: mover(variant.method, job.options),
    seed: job.options.seed,
    backend: job.backend,
    dataset: job.dataset.name,
    epochs: Math.ceil(state.step / Math.floor(trainCount / job.options.batch)),
    steps: state.step,
    trainLoss,
    testAccuracy: test.accuracy,
    testLoss: test.loss,
    parameters,
    denseParameters,
    compression: 100 * (1 - parameters / denseParameters),
    ranks: ranksOf(network, state.states),
    executions: executionPlans(network, state.states),
    secondsPerStep,
    seconds: state.seconds,
    confusion: test.confusion,
    classNames: job.dataset.classNames,
  };
}

/** Numbers that a weight has when it is stored in full; statistics are no weights. */
function fullSize({ format, shape }: WeightSpec): number {
  return weightFormats.get(format).anchor === undefined ? 0 : shape.reduce((n, d) => n * d, 1);
}

/** Name of the integrator that moves the factors, or else of the method. */
function mover(name: string, options: RunOptions): string {
  const { moves } = methods.get(name);
  return moves ? options[moves] : name;
}
