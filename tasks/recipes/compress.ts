import { compress, compressDefaults, compressSchema } from "../compression.ts";
import { type Recipe, recipe } from "../recipe.ts";

/** A dense checkpoint as Tucker tensors, trained on. */
export const compressRecipe: Recipe = recipe({
  name: "compress",
  description: "a dense run's network truncated to low rank, then fine-tuned; needs --checkpoint",
  defaults: compressDefaults,
  schema: compressSchema,
  job: compress,
});
