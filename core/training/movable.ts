import { moverOf } from "./format.ts";
import { motionOf, type TrainingMethod } from "./method.ts";
import type { Layer } from "./pass.ts";
import { requireTransport } from "./rule.ts";

/**
 * Refuses what cannot move the weights of a network; to be asked before a run writes anything.
 *
 * @throws {RangeError} When a mover cannot move what a weight is, or an integrator would move it by
 * a rule without transport.
 */
export function requireMovable(method: TrainingMethod, network: Layer): void {
  for (const spec of network.weights) {
    if (!moverOf(method, spec).keepsBases) continue;
    requireTransport(motionOf(method, spec, 0).method.rule, spec.name);
  }
}
