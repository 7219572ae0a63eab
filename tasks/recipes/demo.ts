import { classify, perceptronOf } from "../classification.ts";
import { type Recipe, recipe } from "../recipe.ts";
import { classificationDefaults, classificationSchema } from "../settings.ts";

/** A low-rank network next to its dense twin on drawn digits: no download, no option, minutes. */
export const demo: Recipe = recipe({
  name: "demo",
  description: "low rank next to dense on drawn digits: no download, ends with a report",
  defaults: { ...classificationDefaults, epochs: 10, baseline: true },
  schema: classificationSchema,
  job: (options, context) =>
    classify(
      { recipe: "demo", source: "digits", network: perceptronOf(options) },
      options,
      context,
    ),
});
