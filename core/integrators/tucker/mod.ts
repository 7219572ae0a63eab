/**
 * Integrators of dynamical low-rank approximation for tensors in Tucker format.
 *
 * @module
 */

import { Registry } from "../../registry.ts";
import { augmentedTuckerBug } from "./augmented_bug.ts";
import { tuckerBug } from "./bug.ts";
import { parallelTuckerBug } from "./parallel_bug.ts";
import type { TuckerIntegrator } from "./types.ts";

/** Tucker integrators by name. */
export const tuckerIntegrators: Registry<TuckerIntegrator> = new Registry("Tucker integrator");

tuckerIntegrators.add(tuckerBug);
tuckerIntegrators.add(augmentedTuckerBug);
tuckerIntegrators.add(parallelTuckerBug);

export { type AugmentedTucker, augmentTucker } from "./augmentation.ts";
export { augmentedTuckerBug } from "./augmented_bug.ts";
export { tuckerBug } from "./bug.ts";
export { parallelTuckerBug } from "./parallel_bug.ts";
export { coreFlow, modeFlow } from "./flows.ts";
export { transportTuckerSlots, tuckerTangentField } from "./transport.ts";
export { type TruncatedTucker, truncateTucker } from "./truncation.ts";
export type {
  ModeTruncation,
  TuckerFlow,
  TuckerIntegrator,
  TuckerPoint,
  TuckerStepOptions,
  TuckerStepResult,
} from "./types.ts";
