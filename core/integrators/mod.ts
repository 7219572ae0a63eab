/**
 * Integrators of dynamical low-rank approximation, their steppers and truncation rules.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import { augmentedBug } from "./matrix/augmented_bug.ts";
import {
  augmentedBackwardCorrectedPsi,
  backwardCorrectedPsi,
} from "./matrix/backward_corrected.ts";
import { bug } from "./matrix/bug.ts";
import { midpointBug, midpointBug3r } from "./matrix/midpoint_bug.ts";
import { parallelBug } from "./matrix/parallel_bug.ts";
import { projectedRungeKutta } from "./matrix/projected_runge_kutta.ts";
import { projectorSplitting, strangSplitting } from "./matrix/projector_splitting.ts";
import {
  secondOrderParallelBug,
  secondOrderParallelBug3r,
} from "./matrix/second_order_parallel_bug.ts";
import type { Integrator } from "./matrix/types.ts";

/**
 * Integrators by name.
 *
 * @example One by its name
 * ```ts
 * import { integrators } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(integrators.get("augmented-bug").name, "augmented-bug");
 * ```
 */
export const integrators: Registry<Integrator> = new Registry("integrator");

integrators.add(bug);
integrators.add(augmentedBug);
integrators.add(parallelBug);
integrators.add(midpointBug);
integrators.add(midpointBug3r);
integrators.add(secondOrderParallelBug);
integrators.add(secondOrderParallelBug3r);
integrators.add(projectorSplitting);
integrators.add(strangSplitting);
integrators.add(backwardCorrectedPsi);
integrators.add(augmentedBackwardCorrectedPsi);
integrators.add(projectedRungeKutta);

// With one optimizer step for each factor it is the training method of that name.
integrators.alias("geolora", parallelBug.name);

export { type AdaptiveOptions, type AdaptiveResult, integrateAdaptive } from "./matrix/adaptive.ts";
export { augment, type Augmented, augmentedFlow, galerkinStep } from "./matrix/augmentation.ts";
export { augmentedBug } from "./matrix/augmented_bug.ts";
export {
  augmentedBackwardCorrectedPsi,
  backwardCorrectedPsi,
} from "./matrix/backward_corrected.ts";
export { bug } from "./matrix/bug.ts";
export { midpointBug, midpointBug3r } from "./matrix/midpoint_bug.ts";
export { parallelBug } from "./matrix/parallel_bug.ts";
export { projectedRungeKutta, projectionMethod } from "./matrix/projected_runge_kutta.ts";
export { projectorSplitting, strangSplitting } from "./matrix/projector_splitting.ts";
export {
  secondOrderParallelBug,
  secondOrderParallelBug3r,
} from "./matrix/second_order_parallel_bug.ts";
export { advance, collectMoments } from "./flows.ts";
export { kFlow, lFlow, sFlow } from "./matrix/flows.ts";
export {
  integrate,
  type IntegrateOptions,
  type RightHandSide,
  stepOde,
  type TuckerRightHandSide,
} from "./ode.ts";
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
export type { BasisChange, Memory, MomentSlots, RuleState, Stepping } from "./memory.ts";
export { changeOf, embed, embeddingChange, type VarianceShares } from "./transport.ts";
export { transportSlots } from "./matrix/transport.ts";
export {
  checkTruncation,
  clampedRank,
  keepRank,
  noTruncation,
  relativeFrobenius,
  truncationRules,
} from "./truncation.ts";
export { truncate } from "./matrix/truncation.ts";
export {
  absoluteFrobenius,
  absoluteSpectral,
  conservative,
  conservativeRule,
  energyFraction,
  normalisedSpectrum,
  relativeNuclear,
  spectralThreshold,
} from "./truncation_rules.ts";
export type {
  Advanced,
  FixedVectors,
  StepOptions,
  Stepper,
  StepResult,
  SubFlow,
  Timed,
  TimeIntegrator,
  Truncation,
  TruncationRule,
} from "./types.ts";
export type { Integrator, Point } from "./matrix/types.ts";
