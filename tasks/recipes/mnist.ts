import { classify, perceptronOf } from "../classification.ts";
import { type Recipe, recipe } from "../recipe.ts";
import { classificationDefaults, classificationSchema } from "../settings.ts";

/** The fully connected nets of the first DLRT paper (arXiv 2205.13571) on MNIST. */
export const mnist: Recipe = recipe({
  name: "mnist",
  description: "fully connected nets of the first DLRT paper on MNIST; --baseline adds the twin",
  defaults: { ...classificationDefaults, epochs: 20 },
  schema: classificationSchema,
  job: (options, context) =>
    classify(
      { recipe: "mnist", source: "mnist", network: perceptronOf(options) },
      options,
      context,
    ),
});
