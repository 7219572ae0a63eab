import { lineSource } from "../kinetic/mod.ts";
import { transportDefaults, transportSchema } from "../kinetic/options.ts";
import { transportStudy } from "../kinetic/study.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";

/** What decides the run. */
const defaults = {
  cells: 60, // of 3 mean free paths
  quadrature: "product",
  order: 12, // 144 directions
  ...lineSource.defaults,
  ...transportDefaults,
};

function schema(): OptionSchema<typeof defaults> {
  return { ...lineSource.limits, ...transportSchema() };
}

/**
 * A pulse in a scattering plane, whose exact flux is known: hard for discrete directions, which show as rays.
 */
export const lineSourceRecipe: Recipe = recipe({
  name: "line-source",
  description: "a pulse in a plane, in full or in low rank, beside the exact flux; seconds",
  defaults,
  schema,
  job: (o: ParsedOptions<typeof defaults>, context: RecipeContext) =>
    transportStudy("line-source", lineSource, o, context),
});
