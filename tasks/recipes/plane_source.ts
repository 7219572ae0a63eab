import { planeSource } from "../kinetic/mod.ts";
import { transportDefaults, transportSchema } from "../kinetic/options.ts";
import { transportStudy } from "../kinetic/study.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";

/** What decides the run. */
const defaults = {
  cells: 200, // of the slab [−1.5, 1.5]
  quadrature: "gauss",
  order: 64, // with as many Gauss nodes, S_N is P_{N−1}
  ...planeSource.defaults,
  ...transportDefaults,
  solver: "low-rank",
  cfl: 0.5,
};

function schema(): OptionSchema<typeof defaults> {
  return { ...planeSource.limits, ...transportSchema() };
}

/**
 * A pulse in a scattering slab, whose exact flux is known: full solvers, and low rank by any integrator.
 */
export const planeSourceRecipe: Recipe = recipe({
  name: "plane-source",
  description: "a pulse in a slab, in full and in low rank, beside the exact flux; seconds",
  defaults,
  schema,
  job: (o: ParsedOptions<typeof defaults>, context: RecipeContext) =>
    transportStudy("plane-source", planeSource, o, context),
});
