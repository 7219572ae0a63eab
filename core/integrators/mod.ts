/**
 * Integrators of dynamical low-rank approximation, their steppers and truncation rules.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import { augmentedBug } from "./augmented_bug.ts";
import { bug } from "./bug.ts";
import { geolora, parallelBug } from "./parallel_bug.ts";
import type { Integrator } from "./types.ts";

/** Integrators by name. */
export const integrators: Registry<Integrator> = new Registry("integrator");

integrators.add(bug);
integrators.add(augmentedBug);
integrators.add(parallelBug);
integrators.add(geolora);

export { augment, type Augmented, augmentedBug } from "./augmented_bug.ts";
export { bug } from "./bug.ts";
export { geolora, parallelBug } from "./parallel_bug.ts";
export { advance, collectMoments, kFlow, lFlow, sFlow } from "./flows.ts";
export { denseField, lowRankOf, orthogonalityDefect, rankOf, toDense } from "./low_rank.ts";
export { integrate, type IntegrateOptions, type RightHandSide, stepOde } from "./ode.ts";
export { euler, heun, rk4, rungeKutta, steppers, type Tableau } from "./runge_kutta.ts";
export { embed, embedMoments, transportMoments, transportSlots } from "./transport.ts";
export {
  clampedRank,
  NonFiniteError,
  noTruncation,
  rankForTail,
  relativeFrobenius,
  truncate,
  type Truncated,
  truncationRules,
} from "./truncation.ts";
export type {
  Advanced,
  FieldAt,
  Integrator,
  LowRank,
  Moments,
  MomentSlots,
  Point,
  StepOptions,
  Stepper,
  StepResult,
  SubFlow,
  Timed,
  Truncation,
  TruncationRule,
} from "./types.ts";
