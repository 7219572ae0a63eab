import { lattice } from "../kinetic/mod.ts";
import { transportDefaults, transportSchema } from "../kinetic/options.ts";
import { transportStudy } from "../kinetic/study.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";

/** What decides the run. */
const defaults = {
  cells: 70, // 10 to a block
  quadrature: "product",
  order: 8, // 64 directions
  ...lattice.defaults,
  ...transportDefaults,
};

function schema(): OptionSchema<typeof defaults> {
  return { ...lattice.limits, ...transportSchema() };
}

/**
 * The lattice benchmark: a source in a checkerboard of absorbers (arXiv:2505.17284).
 */
export const latticeRecipe: Recipe = recipe({
  name: "lattice",
  description: "a source among absorbers, in full or in low rank, with its balance; seconds",
  defaults,
  schema,
  job: (o: ParsedOptions<typeof defaults>, context: RecipeContext) =>
    transportStudy("lattice", lattice, o, context),
});
