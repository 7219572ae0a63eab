/**
 * Reverse-mode derivatives through time-stepped simulations, in bounded memory.
 *
 * {@linkcode checkpointedAdjoint} sweeps backwards over any simulation with a hand-written adjoint of
 * its step; {@linkcode weightedOutputAdjoint} adds objectives that are weighted sums of an output,
 * such as windowed averages; {@linkcode engineAdjoint} differentiates simulations in engine
 * operations by itself; {@linkcode differentiableRungeKutta} makes steps with their derivatives.
 *
 * @module
 */

export {
  checkpointedAdjoint,
  type CheckpointedAdjointOptions,
  type CheckpointedAdjointResult,
} from "./checkpointed.ts";
export {
  engineAdjoint,
  type EngineAdjointOptions,
  type EngineAdjointResult,
} from "./engine_adjoint.ts";
export { arrayKeeper, type ArrayState, type StateKeeper, tensorKeeper } from "./keeper.ts";
export {
  weightedOutputAdjoint,
  type WeightedOutputOptions,
  type WeightedOutputResult,
} from "./objective.ts";
export {
  type DifferentiableField,
  differentiableRungeKutta,
  type DifferentiableStep,
} from "./runge_kutta.ts";
export { binomialSchedule, forwardSteps, type ScheduleAction } from "./schedule.ts";
