/**
 * The training loop.
 *
 * @module
 */

import type { TrainOptions } from "./opening.ts";
import { Run, type TrainResult } from "./run.ts";

/**
 * Trains a network, from its random start or from the checkpoint in the folder.
 *
 * With a seed, a backend that is deterministic and the same number of steps, a run that was
 * interrupted and resumed ends with the same bits as one that was not.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  using run = await Run.open(options);
  while (!run.over) {
    for await (const batch of run.batches()) {
      const outcome = await run.step(batch);
      if (outcome) run.log(outcome);
    }
    if (run.reason) break;
    await run.measure();
    await run.save();
  }
  return await run.finish();
}
