import { parseChoice } from "../../core/mod.ts";
import { kineticProblems } from "../kinetic/mod.ts";
import { transportDefaults, transportSchema } from "../kinetic/options.ts";
import { transportStudy } from "../kinetic/study.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";

/** What decides the run. */
const defaults = {
  problem: "half-lattice", // with its design, as half-lattice:absorber=8
  cells: 70, // along x
  quadrature: "product", // gauss for slabs
  order: 8,
  ...transportDefaults,
};

function schema(): OptionSchema<typeof defaults> {
  const problem = { choiceOf: kineticProblems, description: "what is solved" };
  return { problem, ...transportSchema() };
}

/** Any problem of radiation transport by its name, those of users and those for checks included. */
export const transport: Recipe = recipe({
  name: "transport",
  description: "any problem of radiation transport by name: full solvers and low rank; seconds",
  defaults,
  schema,
  job: (o: ParsedOptions<typeof defaults>, context: RecipeContext) => {
    const { plugin, settings } = parseChoice(kineticProblems, o.problem);
    const design = settings as Readonly<Record<string, number>>;
    return transportStudy("transport", plugin, o, context, design);
  },
});
