/**
 * The trainer: weights, gradient evaluation, steps, the loop around them, checkpoints.
 *
 * @module
 */

export {
  type CapturedPair,
  type Compression,
  type Evidence,
  type ExecutionCost,
  type ExecutionPlan,
  type Initialiser,
  type StateTree,
  type TrainingMethod,
  type WeightFormat,
  weightFormats,
  type WeightPoint,
  type WeightSpec,
  type WeightState,
  type WeightUpdate,
} from "./parameter.ts";
export { denseFormat } from "./dense_format.ts";
export { lowRankFormat } from "./low_rank_format.ts";
export { statisticFormat } from "./statistic_format.ts";
export { factoredLowRankFormat } from "./factored_low_rank_format.ts";
export { factoredTuckerFormat } from "./factored_tucker_format.ts";
export { tuckerFormat } from "./tucker_format.ts";
export { windowTuckerFormat } from "./window_tucker_format.ts";
export { type ChainShape, planExecution } from "./execution.ts";
export { kernelPairs, matrixPairs } from "./field.ts";
export { type ChannelBases, kernelTuckerField, wholeTuckerField } from "./tucker_field.ts";
export {
  evaluate,
  type Evaluation,
  type LabelledBatch,
  type Layer,
  networkAt,
  Pass,
  type Points,
} from "./network.ts";
export { requireMovable } from "./movable.ts";
export {
  type BasisDirections,
  movesFactors,
  type OptimizerRule,
  optimizerStepper,
  type OptimizerStepperOptions,
  requireTransport,
  type RuleStep,
  type Updated,
} from "./rule.ts";
export {
  disposeStates,
  isTensor,
  type StepOutcome,
  type StepSettings,
  tensorsIn,
  trainStep,
  type WeightStates,
} from "./step.ts";
export { restoreState, storeState, type TrainerState } from "./checkpoint.ts";
export { currentPoints, measure, type Measurement, type MeasureOptions } from "./evaluation.ts";
export { initialStates, train } from "./train.ts";
export type { TrainOptions, TrainResult } from "./train_options.ts";
export { executionPlans, rankMetrics, ranksOf, withRanks } from "./ranks.ts";
export { type CompressedStates, compressStates, denseNetwork, denseStates } from "./compression.ts";
export type { ForwardPass, LogitDerivative, NetworkAt, TrainingObjective } from "./objective.ts";
export { type Conditioning, conditioningOf, type ConditioningReport } from "./conditioning.ts";
