import { Random } from "../random.ts";
import type { TrainingMethod } from "./method.ts";
import type { WeightSpec } from "./weight.ts";

/**
 * The stream of a weight's own for what its mover draws: a function of the run's seed and of how
 * often it has drawn, so that a resumed run draws what an uninterrupted one draws.
 */
export function drawsOf({ seed = 0 }: TrainingMethod, { name }: WeightSpec, count: number): Random {
  return new Random(seed).fork("draws").fork(count).fork(name);
}
