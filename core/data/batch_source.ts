/**
 * Where training takes its batches from: made on the spot, or ahead of time on another thread.
 *
 * @module
 */

import { BatchMaker, type BatchPlan, madePlaces } from "./batch_maker.ts";
import { type HostBatch, hostBatch } from "./examples.ts";

/** Walks through the epochs of a run. */
export interface BatchSource {
  /**
   * The batches of one epoch. The arrays of a batch are valid until the next one is asked for.
   *
   * @param epoch Number of the epoch, from 0.
   * @param first Number of the batch to begin with.
   */
  epoch(epoch: number, first: number): AsyncGenerator<HostBatch> | Generator<HostBatch>;
  /** Ends what goes on in the background. */
  close(): void;
}

/** Makes batches when they are asked for. */
export function directBatches(plan: BatchPlan): BatchSource {
  const maker = new BatchMaker(plan);
  const arrays = maker.arrays();
  return {
    *epoch(epoch, first) {
      for (let index = first; index < maker.perEpoch; index++) {
        maker.fill(epoch, index, arrays);
        yield hostBatch(plan.examples, index, madePlaces(plan).count, arrays);
      }
    },
    close: () => {},
  };
}
