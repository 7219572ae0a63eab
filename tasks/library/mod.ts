/**
 * Networks fitted to arrays of one's own, in a few lines.
 *
 * @module
 */

export { fit, load } from "./fit.ts";
export { History } from "./history.ts";
export {
  type Arrays,
  examples,
  type NumberArray,
  type Numbers,
  type ShapedNumbers,
} from "./numbers.ts";
export type { FitOptions, RunsOn } from "./options.ts";
export { Plot, plot, type PlotOptions } from "./plot.ts";
export { loadPretrained, type LoadPretrainedOptions, savePretrained } from "./pretrained.ts";
export { Prediction } from "./prediction.ts";
export { type ModelParts, TrainedModel, type Written } from "./trained_model.ts";
export type { InputKind } from "./weights_file.ts";
