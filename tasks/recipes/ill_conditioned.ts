import {
  illConditioned,
  illConditionedDefaults,
  illConditionedSchema,
} from "../ill_conditioned.ts";
import { type Recipe, recipe } from "../recipe.ts";

/** Starts with small singular values: integrators on the manifold against naive factorisation. */
export const illConditionedRecipe: Recipe = recipe({
  name: "ill-conditioned",
  description: "starts with small singular values: Tucker integrator against naive factors, a plot",
  defaults: illConditionedDefaults,
  schema: illConditionedSchema,
  job: illConditioned,
});
