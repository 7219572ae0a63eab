import { hohlraum } from "../kinetic/mod.ts";
import { transportDefaults, transportSchema } from "../kinetic/options.ts";
import { transportStudy } from "../kinetic/study.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";

/** What decides the run. */
const defaults = {
  cells: 52, // 2 to the thinnest wall
  quadrature: "product",
  order: 8, // 64 directions
  ...hohlraum.defaults,
  ...transportDefaults,
};

function schema(): OptionSchema<typeof defaults> {
  return { ...hohlraum.limits, ...transportSchema() };
}

/**
 * The symmetric hohlraum benchmark: radiation heats a capsule in a frame (arXiv:2505.17284).
 */
export const hohlraumRecipe: Recipe = recipe({
  name: "hohlraum",
  description: "hot walls around a capsule, in full or in low rank, with its balance; seconds",
  defaults,
  schema,
  job: (o: ParsedOptions<typeof defaults>, context: RecipeContext) =>
    transportStudy("hohlraum", hohlraum, o, context),
});
