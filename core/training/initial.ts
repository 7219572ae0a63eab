/**
 * The random start of a network.
 *
 * @module
 */

import type { Tensor } from "../backend/mod.ts";
import { Random } from "../random.ts";
import { representationOf, stateOf } from "./format.ts";
import type { TrainingMethod } from "./method.ts";
import type { Layer } from "./pass.ts";
import type { WeightState, WeightStates } from "./weight.ts";

/** Draws the initial weights, each from a stream of its own name. */
export async function initialStates(
  method: TrainingMethod,
  network: Layer,
  seed: number,
): Promise<WeightStates> {
  const random = new Random(seed).fork("weights");
  return await method.engine.scope(async () => {
    const states: Record<string, WeightState> = {};
    const common = new Map<string, Tensor>();
    for (const spec of network.weights) {
      const representation = representationOf(spec);
      const record = await representation.create(method, spec, random.fork(spec.name));
      const joined = representation.joined?.(spec, record, common) ?? record;
      states[spec.name] = stateOf(spec, joined);
    }
    return states;
  });
}
