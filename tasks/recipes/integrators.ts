import { study, studyDefaults, studySchema } from "../ode/study.ts";
import { type Recipe, recipe } from "../recipe.ts";

/** The picture that every paper on low-rank integrators has: error against step size for all. */
export const integratorStudy: Recipe = recipe({
  name: "integrators",
  description: "error against step size for every integrator on matrix equations; minutes",
  defaults: studyDefaults,
  schema: studySchema,
  job: (options, context) => study("integrators", options, context),
});
