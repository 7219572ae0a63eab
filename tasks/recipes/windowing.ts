import { type Recipe, recipe } from "../recipe.ts";
import { windowingDefaults, windowingSchema, windowingStudy } from "../windowing/study.ts";

/** The picture of the paper on windowing: error against periods, for averages and sensitivities. */
export const windowing: Recipe = recipe({
  name: "windowing",
  description: "windowed averages of oscillations: orders of convergence for every window; seconds",
  defaults: windowingDefaults,
  schema: windowingSchema,
  job: (options, context) => windowingStudy("windowing", options, context),
});
