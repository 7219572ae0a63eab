/**
 * Recipes and the command line around them.
 *
 * @module
 */

export type { CompressionChoice, Variant } from "./classification/variant.ts";
export { classify, runVariants, type Subject } from "./classification.ts";
export * from "./federated/mod.ts";
export * from "./flow/mod.ts";
export { type Compared, compareRuns, type Comparison } from "./compare.ts";
export { kinds } from "./list.ts";
export * from "./kinetic/mod.ts";
export { type Method, methods } from "./methods.ts";
export {
  type NetworkChoice,
  networkOf,
  networkSchema,
  type PerceptronChoice,
  perceptronOf,
  perceptronSchema,
} from "./networks.ts";
export * from "./ode/mod.ts";
export { type Way, ways } from "./pretrain/ways.ts";
export { openBackend } from "./open_backend.ts";
export * from "./options.ts";
export { loadPlugins } from "./plugins.ts";
export type { Processes } from "./processes.ts";
export {
  type Recipe,
  recipe,
  type RecipeContext,
  type RecipeDefinition,
  recipes,
} from "./recipe.ts";
export * from "./recipes/mod.ts";
export * from "./reports/mod.ts";
export {
  type OpenedSequences,
  openSequences,
  sequenceDefaults,
  type SequenceOptions,
  sequenceSchema,
} from "./sequences.ts";
export {
  runDefaults,
  type RunOptions,
  runSchema,
  trainingDefaults,
  type TrainingOptions,
  trainingSchema,
} from "./settings.ts";
export * from "./terminal/mod.ts";
export type { CellResult } from "./sweep/results.ts";
export { typedFolder, type TypedFrom } from "./typed_folder.ts";
export { UsageError } from "./usage_error.ts";
export * from "./windowing/mod.ts";
