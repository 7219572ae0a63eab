import { flowDefaults, flowSchema, validate } from "../flow/validation.ts";
import { type Recipe, recipe } from "../recipe.ts";

/** The simulation that `shape` optimises, by itself and held against the benchmark. */
export const flow: Recipe = recipe({
  name: "flow",
  description: "vortex street behind a cylinder, held against published figures; a minute or two",
  defaults: flowDefaults,
  schema: flowSchema,
  job: (options, context) => validate("flow", options, context),
});
