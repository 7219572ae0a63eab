/**
 * Training: what is learnt (tasks), what weights are and how they move, steps, runs, checkpoints.
 *
 * @module
 */

export {
  type CapturedPair,
  type Evidence,
  fullSize,
  type Initialiser,
  type Points,
  type StateTree,
  type WeightPoint,
  type WeightRecord,
  type WeightSpec,
  type WeightState,
  type WeightStates,
} from "./weight.ts";
export {
  decayOf,
  matchesWeight,
  type Motion,
  motionOf,
  type ParameterGroup,
  type TrainingMethod,
  type WeightMotion,
} from "./method.ts";
export type {
  Compressed,
  Compression,
  ConvUse,
  ExecutionCost,
  ExecutionPlan,
  LinearUse,
  LookupUse,
  MatrixReading,
  Representation,
  TuckerReading,
  VariablesReading,
} from "./representation.ts";
export {
  type Allocation,
  type Moved,
  type Mover,
  movers,
  type Moving,
  type Stepped,
} from "./mover.ts";
export {
  moverOf,
  representationOf,
  stateOf,
  updateWeight,
  type WeightFormat,
  weightFormats,
  type WeightUpdate,
} from "./format.ts";
export * from "./formats.ts";
export { adapted } from "./representation/adapted.ts";
export { dense, statistic } from "./representation/dense.ts";
export { factored } from "./representation/factored.ts";
export { lowRank } from "./representation/low_rank.ts";
export { rankPruned } from "./representation/rank_pruned.ts";
export { sparseLowRank, type SparseLowRankOptions } from "./representation/sparse_low_rank.ts";
export { spectralFactors } from "./representation/spectral.ts";
export { kernelPairs, matrixPairs } from "./representation/pair_field.ts";
export { type ChainShape, planExecution } from "./representation/tucker/execution.ts";
export {
  type ChannelBases,
  kernelTuckerField,
  wholeTuckerField,
} from "./representation/tucker/field.ts";
export { tucker } from "./representation/tucker/tucker.ts";
export { tuckerTensor } from "./representation/tucker/tensor.ts";
export { windowTucker } from "./representation/tucker/window.ts";
export { byIntegrator } from "./movers/integrator.ts";
export { byRule } from "./movers/rule.ts";
export { merging, type MergingOptions } from "./movers/merging.ts";
export { onSupport } from "./movers/on_support.ts";
export { ordered, type OrderedOptions } from "./movers/ordered.ts";
export { pruned, type PrunedOptions } from "./movers/pruned.ts";
export { sampledSpectrum, type SampledSpectrumOptions } from "./movers/sampled_spectrum.ts";
export { byTuckerIntegrator } from "./movers/tucker_integrator.ts";
export { frozen } from "./movers/frozen.ts";
export { nonNegative } from "./movers/non_negative.ts";
export { runningMean } from "./movers/statistic.ts";
export {
  currentPoints,
  type Layer,
  linearised,
  networkAt,
  Pass,
  type PassOptions,
} from "./pass.ts";
export {
  batchEvaluator,
  type Evaluation,
  type Evaluator,
  scaledEvidence,
  summedEvaluator,
  type Together,
} from "./evaluator.ts";
export { requireMovable } from "./movable.ts";
export {
  type CyclePlace,
  eachStep,
  everySteps,
  type Look,
  type Moment,
  type RefreshRule,
  refreshRules,
  whenItPays,
} from "./refresh.ts";
export {
  type BasisDirections,
  type BasisMomentum,
  movesFactors,
  type OptimizerRule,
  optimizerStepper,
  type OptimizerStepperOptions,
  requireTransport,
  type RuleStep,
  type Updated,
} from "./rule.ts";
export {
  type Batch,
  isBetter,
  type Linearised,
  meanMeter,
  type Measure,
  type Measurement,
  type Meter,
  type Model,
  type NetworkAt,
  type Task,
} from "./task.ts";
export {
  classification,
  type ClassificationOptions,
  crossEntropyLoss,
  imageClassification,
} from "./tasks/classification.ts";
export {
  autoencoding,
  meanSquare,
  regression,
  type RegressionOptions,
} from "./tasks/regression.ts";
export { answers } from "./tasks/answers.ts";
export { nextToken, type NextTokenOptions } from "./tasks/next_token.ts";
export { sequenceTask } from "./tasks/sequence_task.ts";
export { type GradientImage, sobolev, type SobolevOptions } from "./tasks/sobolev.ts";
export {
  disposeStates,
  isTensor,
  type StepOutcome,
  type StepSettings,
  tensorsIn,
  trainStep,
} from "./step.ts";
export {
  type Restored,
  restoreRun,
  restoreState,
  StateStore,
  type TrainerState,
} from "./checkpoint.ts";
export { wholeGradients, type WholeGradientsOptions } from "./whole_gradients.ts";
export { measure, type MeasureOptions, uploaded } from "./measure.ts";
export type { Spent } from "./spent.ts";
export { initialStates } from "./initial.ts";
export type { TrainOptions } from "./opening.ts";
export type { StepTraffic } from "./parallel/member.ts";
export { Run, type TrainResult } from "./run.ts";
export { train } from "./train.ts";
export { toleranceOfSize } from "./target_size.ts";
export { executionPlans, rankMetrics, ranksOf, withBreakEvenRanks, withRanks } from "./ranks.ts";
export { type CompressedStates, compressStates, denseNetwork, denseStates } from "./compression.ts";
export { type ChangeOptions, type MatrixChange, matrixChange } from "./intruders.ts";
export { type Conditioning, conditioningOf, type ConditioningReport } from "./conditioning.ts";
export {
  type AlongOutputs,
  alongOutputs,
  type AlongOutputsOptions,
  recordingPass,
} from "./output_compression.ts";
