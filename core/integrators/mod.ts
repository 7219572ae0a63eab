/**
 * Integrators of dynamical low-rank approximation, their steppers and truncation rules.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import { augmentedBug } from "./augmented_bug.ts";
import { augmentedBackwardCorrectedPsi, backwardCorrectedPsi } from "./backward_corrected.ts";
import { bug } from "./bug.ts";
import { midpointBug, midpointBug3r } from "./midpoint_bug.ts";
import { geolora, parallelBug } from "./parallel_bug.ts";
import { projectedRungeKutta } from "./projected_runge_kutta.ts";
import { projectorSplitting, strangSplitting } from "./projector_splitting.ts";
import { secondOrderParallelBug, secondOrderParallelBug3r } from "./second_order_parallel_bug.ts";
import type { Integrator } from "./types.ts";

/** Integrators by name. */
export const integrators: Registry<Integrator> = new Registry("integrator");

integrators.add(bug);
integrators.add(augmentedBug);
integrators.add(parallelBug);
integrators.add(geolora);
integrators.add(midpointBug);
integrators.add(midpointBug3r);
integrators.add(secondOrderParallelBug);
integrators.add(secondOrderParallelBug3r);
integrators.add(projectorSplitting);
integrators.add(strangSplitting);
integrators.add(backwardCorrectedPsi);
integrators.add(augmentedBackwardCorrectedPsi);
integrators.add(projectedRungeKutta);

export { type AdaptiveOptions, type AdaptiveResult, integrateAdaptive } from "./adaptive.ts";
export { augment, type Augmented, augmentedFlow, galerkinStep } from "./augmentation.ts";
export { augmentedBug } from "./augmented_bug.ts";
export { augmentedBackwardCorrectedPsi, backwardCorrectedPsi } from "./backward_corrected.ts";
export { bug } from "./bug.ts";
export { midpointBug, midpointBug3r } from "./midpoint_bug.ts";
export { geolora, parallelBug } from "./parallel_bug.ts";
export { projectedRungeKutta, projectionMethod } from "./projected_runge_kutta.ts";
export { projectorSplitting, strangSplitting } from "./projector_splitting.ts";
export { secondOrderParallelBug, secondOrderParallelBug3r } from "./second_order_parallel_bug.ts";
export { advance, collectMoments, kFlow, lFlow, sFlow } from "./flows.ts";
export { denseField, lowRankOf, orthogonalityDefect, rankOf, toDense } from "./low_rank.ts";
export { integrate, type IntegrateOptions, type RightHandSide, stepOde } from "./ode.ts";
export {
  euler,
  heun,
  heunTableau,
  rk4,
  rk4Tableau,
  rungeKutta,
  steppers,
  type Tableau,
} from "./runge_kutta.ts";
export type { EqualSteps } from "./steps.ts";
export { embed, embedMoments, transportMoments, transportSlots } from "./transport.ts";
export {
  clampedRank,
  NonFiniteError,
  noTruncation,
  rankForTail,
  relativeFrobenius,
  truncate,
  truncationRules,
} from "./truncation.ts";
export {
  absoluteFrobenius,
  conservative,
  conservativeRule,
  energyFraction,
  keepRank,
  relativeNuclear,
  spectralThreshold,
} from "./truncation_rules.ts";
export type {
  Advanced,
  FieldAt,
  FixedVectors,
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
  Truncated,
  Truncation,
  TruncationRule,
} from "./types.ts";
