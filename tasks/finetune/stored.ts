/**
 * Weights of runs.
 *
 * @module
 */

import {
  denseStates,
  disposeStates,
  type Layer,
  readCheckpoint,
  restoreState,
  type TrainingMethod,
  type WeightStates,
} from "../../core/mod.ts";

/**
 * The weights that a run has stored, all in full; the caller disposes them.
 *
 * @param network As the run trained it.
 * @throws {Error} When files are missing, damaged, or of another network.
 */
export async function storedWeights(
  method: TrainingMethod,
  network: Layer,
  folder: string,
): Promise<WeightStates> {
  const { record, fixed } = await readCheckpoint(folder);
  const { states } = restoreState(method.engine, network, record, fixed);
  const whole = await denseStates(method, network, states);
  disposeStates(states, whole);
  return whole;
}
