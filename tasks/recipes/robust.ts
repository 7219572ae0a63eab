import { type Recipe, recipe } from "../recipe.ts";
import { robustDefaults, robustSchema } from "../robust/options.ts";
import { robustStudy } from "../robust/study.ts";

/**
 * Dense, low-rank and regularised low-rank networks under attacks (arXiv 2505.08022): accuracy
 * against radius and compression. Lists of tolerances, strengths and seeds make it a sweep.
 */
export const robust: Recipe = recipe({
  name: "robust",
  description: "dense, low-rank and regularised networks under attacks, on MNIST in minutes",
  defaults: robustDefaults,
  schema: robustSchema,
  job: (options, context) => robustStudy("robust", options, context),
});
