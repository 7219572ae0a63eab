import type { Layer } from "./network.ts";
import { type TrainingMethod, weightFormats } from "./parameter.ts";
import { requireTransport } from "./rule.ts";

/**
 * Refuses an optimizer that cannot move the weights of a network; to be asked before a run writes
 * anything.
 *
 * @throws {RangeError} When an integrator would move a weight by a rule without transport.
 */
export function requireMovable({ rule }: TrainingMethod, network: Layer): void {
  for (const { name, format } of network.weights) {
    if (!weightFormats.get(format).waits) requireTransport(rule, name);
  }
}
