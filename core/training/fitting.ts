/**
 * Whether states fit the network that is to go on with them.
 *
 * @module
 */

import { representationOf } from "./format.ts";
import type { TrainingMethod } from "./method.ts";
import type { Layer } from "./pass.ts";
import { disposeStates } from "./step.ts";
import type { WeightStates } from "./weight.ts";

/**
 * Refuses states whose weights are not of the shapes that the network declares, and frees them.
 *
 * @throws {Error} When parts of a weight are missing or do not fit together.
 */
export function requireFit(method: TrainingMethod, network: Layer, states: WeightStates): void {
  for (const spec of network.weights) {
    const whole = representationOf(spec).toDense;
    if (!whole) continue;
    const wanted = `[${spec.shape}]`;
    const found = shapeOf(() => method.engine.tidy(() => whole(method, spec, states[spec.name]!)));
    if (found === wanted) continue;
    disposeStates(states, {});
    throw new Error(
      `Cannot resume: weight "${spec.name}" must be of shape ${wanted}, the checkpoint has ${found}`,
    );
  }
}

/** The shape of a tensor, which is freed; or that there is none. */
function shapeOf(make: () => { readonly shape: readonly number[]; dispose(): void }): string {
  try {
    const t = make();
    t.dispose();
    return `[${t.shape}]`;
  } catch {
    return "parts that do not fit together";
  }
}
