/**
 * Gradients in whole weights, for starts that are made of them.
 *
 * @module
 */

import type { Tensor } from "../backend/mod.ts";
import { batches } from "../data/mod.ts";
import { Random } from "../random.ts";
import { batchEvaluator } from "./evaluator.ts";
import { uploaded } from "./measure.ts";
import type { TrainingMethod } from "./method.ts";
import { currentPoints, type Layer, networkAt } from "./pass.ts";
import type { Task } from "./task.ts";
import type { WeightStates } from "./weight.ts";

/** Which gradients to take. */
export interface WholeGradientsOptions {
  /** Names of the weights, stored in full. */
  readonly names: readonly string[];
  /** Training examples that are looked at, or as many as there are; default 50. */
  readonly examples?: number;
  /** Seed that draws them; default 0. */
  readonly seed?: number;
}

/**
 * Gradients of the mean loss over some training examples, in the shapes of the weights.
 *
 * @param network Stores the named weights in full.
 * @returns Tensors by name, of the innermost scope of the engine.
 */
export async function wholeGradients(
  { engine }: TrainingMethod,
  network: Layer,
  states: WeightStates,
  task: Task,
  { names, examples = 50, seed = 0 }: WholeGradientsOptions,
): Promise<Readonly<Record<string, Tensor>>> {
  const random = new Random(seed).fork("whole gradients");
  const order = random.fork("examples").permutation(task.train.count).slice(0, examples);
  const [host] = batches(task.train, Uint32Array.from(order), order.length);
  const points = currentPoints(network, states);
  const batch = uploaded(engine, host!);
  const own = random.fork("layers");
  const seen = await task.prepare?.(networkAt(engine, network, points), batch, own) ?? batch;
  const evaluate = batchEvaluator(engine, network, task.loss, seen, own);
  const { evidence, dispose } = await evaluate(points, new Set(names));
  const gradients = names.map((name) =>
    [name, engine.scale(-1, evidence.get(name)!.gradient)] as const
  );
  dispose();
  return Object.fromEntries(gradients);
}
