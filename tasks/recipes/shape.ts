import { shapeDefaults, shapeSchema, shapeStudy } from "../flow/shape_study.ts";
import { type Recipe, recipe } from "../recipe.ts";

/** Why windows: a search for less drag in a flow that never comes to rest. */
export const shape: Recipe = recipe({
  name: "shape",
  description: "body of least drag in a vortex street by the adjoint, window by window; minutes",
  defaults: shapeDefaults,
  schema: shapeSchema,
  job: (options, context) => shapeStudy("shape", options, context),
});
