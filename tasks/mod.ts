/**
 * Recipes and the command line around them.
 *
 * @module
 */

export { check } from "./check.ts";
export { classify, perceptronOf, type Subject } from "./classification.ts";
export {
  convolutionDefaults,
  type ConvolutionOptions,
  convolutionSchema,
  convolutionSubject,
} from "./convolution.ts";
export * from "./flow/mod.ts";
export { kinds, list } from "./list.ts";
export { type Method, methods } from "./methods.ts";
export * from "./ode/mod.ts";
export * from "./options.ts";
export { loadPlugins } from "./plugins.ts";
export {
  type Recipe,
  recipe,
  type RecipeContext,
  type RecipeDefinition,
  recipes,
} from "./recipe.ts";
export * from "./recipes/mod.ts";
export { report } from "./report.ts";
export * from "./reports/mod.ts";
export {
  classificationDefaults,
  type ClassificationOptions,
  classificationSchema,
  trainingDefaults,
  type TrainingOptions,
  trainingSchema,
} from "./settings.ts";
export * from "./terminal/mod.ts";
export { UsageError } from "./usage_error.ts";
export * from "./windowing/mod.ts";
