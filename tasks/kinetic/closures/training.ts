/**
 * Training of closures: data sets, networks, and how good they are.
 *
 * @module
 */

import { type Engine, Random } from "../../../core/mod.ts";
import { fit, type TrainedModel } from "../../library/mod.ts";
import { Interrupted } from "../../flow/ticker.ts";
import type { Closure } from "./closure.ts";
import { NetworkClosure } from "./network_closure.ts";
import { closureNetworks, momentImage } from "./networks.ts";
import { type ClosureData, closureExamples } from "./sampling.ts";
import { type ClosureDescription, type ClosureErrors, shapeOf } from "./saved_closure.ts";
import type { MomentSystem } from "./system.ts";

/** How a closure is trained. */
export interface ClosureTraining {
  /** Steps, at least. */
  readonly steps: number;
  /** Samples of a step. */
  readonly batch: number;
  /** Base step size. */
  readonly learningRate: number;
  /** Of weights and order. */
  readonly seed: number;
  /** What runs it. */
  readonly backend: Engine | string;
  /** Folder for a checkpoint after each pass; default none. */
  readonly folder?: string;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/**
 * Trains a network on a data set.
 *
 * @throws {Interrupted} When the signal came.
 */
export async function trainClosure(
  system: MomentSystem,
  about: Omit<ClosureDescription, "errors">,
  data: ClosureData,
  test: ClosureData,
  { steps, ...training }: ClosureTraining,
): Promise<TrainedModel> {
  const kind = closureNetworks.get(about.kind);
  const network = kind.network(shapeOf(about, system.count - 1));
  const task = kind.task(
    { train: closureExamples(data), test: closureExamples(test) },
    momentImage(system, about.gamma),
  );
  const perEpoch = Math.floor(data.entropies.length / training.batch);
  const epochs = Math.ceil(steps / Math.max(1, perEpoch));
  const model = await fit(network, task, { ...training, epochs, tolerance: 1e-2 });
  if (training.signal?.aborted) {
    model[Symbol.dispose]();
    throw new Interrupted();
  }
  return model;
}

/** What a closure says of samples, row after row. */
async function answersTo(closure: Closure, { ratios, entropies }: ClosureData) {
  const cells = entropies.length;
  const size = ratios.length / cells;
  const planes = new Float64Array(ratios.length);
  ratios.forEach((u, i) => planes[i % size * cells + Math.floor(i / size)] = u);
  const found = { alpha: new Float64Array(ratios.length), offset: new Float64Array(cells) };
  await closure.close(planes, found);
  const alpha = ratios.map((_, i) => found.alpha[i % size * cells + Math.floor(i / size)]!);
  return { alpha, size };
}

/** Mean squared errors on the samples that a model was tested on. */
export function errorsOf({ test }: TrainedModel): ClosureErrors {
  const square = (name: string): number => (test?.values[name] ?? NaN) ** 2;
  return {
    entropy: square("rmse"),
    multipliers: square("gradientRmse"),
    moments: square("imageRmse"),
  };
}

/** The share of random pairs of samples with (α(u) − α(v))·(u − v) < 0: none where convex. */
export async function fallingPairs(
  closure: Closure,
  data: ClosureData,
  pairs = 2000,
): Promise<number> {
  const { alpha, size } = await answersTo(closure, data);
  const random = new Random(1).fork("pairs");
  const count = data.entropies.length;
  let falling = 0;
  for (let n = 0; n < pairs; n++) {
    const [i, j] = [random.integer(count), random.integer(count)];
    let product = 0;
    for (let k = 0; k < size; k++) {
      const [a, b] = [i * size + k, j * size + k];
      product += (alpha[a]! - alpha[b]!) * (data.ratios[a]! - data.ratios[b]!);
    }
    if (product < 0) falling++;
  }
  return falling / pairs;
}

/** The closure of a trained model. */
export function closureOfModel(
  system: MomentSystem,
  about: Omit<ClosureDescription, "errors">,
  model: TrainedModel,
): NetworkClosure {
  return new NetworkClosure(system, { ...about, kind: closureNetworks.get(about.kind), model });
}
