/**
 * Factors that a network starts from.
 *
 * @module
 */

import {
  compressStates,
  factoredLowRankFormat,
  type Layer,
  matchesWeight,
  measure,
  type TrainingMethod,
  type WeightStates,
  withBreakEvenRanks,
} from "../../core/mod.ts";
import type { Subject } from "../finetune/subject.ts";
import type { RecipeContext } from "../recipe.ts";
import { formatMeasure } from "../terminal/mod.ts";

/** The maps that adapters would be on, in two factors that hold a share of their numbers. */
export function factored({ network, targets }: Subject, share: number): Layer {
  const weights = network.weights.map((spec) =>
    spec.shape.length === 2 && matchesWeight(targets, spec)
      ? { ...spec, format: factoredLowRankFormat.name }
      : spec
  );
  return withBreakEvenRanks({ ...network, weights }, share);
}

/** Their start by SVD; tells how good it is by itself. */
export async function bySvd(
  method: TrainingMethod,
  { task }: Subject,
  network: Layer,
  dense: WeightStates,
  { sink }: RecipeContext,
): Promise<WeightStates> {
  const { states } = await compressStates(method, network, dense);
  const [first] = task.measures;
  const { values } = await measure(method, network, states, task);
  sink.write(`By SVD alone: test ${formatMeasure({ ...first, value: values[first.name]! })}\n`);
  return states;
}
