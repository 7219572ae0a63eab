/**
 * The command `sweep`: a recipe over lists of values.
 *
 * @module
 */

import { type RecipeContext, recipes } from "./recipe.ts";
import { runPath } from "./run_path.ts";
import { cellsOf } from "./sweep/cells.ts";
import { runSweep } from "./sweep/run.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Runs a recipe for every combination of the lists among its options, such as
 * `--tolerance 0.02,0.1 --seed 1,2,3`, with dense networks for reference unless `--no-dense`.
 *
 * @param args Name of the recipe, its options, `--out DIR`, `--resume`, `--no-dense`.
 * @returns Exit code: 0 when all is done, 130 when interrupted.
 * @throws {UsageError} When there is nothing to vary, or an option is wrong.
 */
export async function sweep(args: readonly string[], context: RecipeContext): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name.startsWith("-")) {
    throw new UsageError(
      `Cannot sweep: name a recipe first, known are ${recipes.names().sort().join(", ")}`,
    );
  }
  const recipe = recipes.get(name);
  const grid = recipe.grid(rest.filter((arg) => arg !== "--no-dense"));
  if (Object.keys(grid.axes).length === 0) {
    throw new UsageError(
      "Cannot sweep over nothing: give some option a list, as in --tolerance 0.02,0.05,0.1",
    );
  }
  const shared = grid.fixed.filter((arg) => !/^--(out|resume|no-resume)(=|$)/.test(arg));
  const { out, resume, ...settings } = recipe.read(grid.fixed);
  if (resume === true && out === "") {
    throw new UsageError("Cannot resume: name the folder of the sweep with --out DIR");
  }
  const cells = cellsOf(recipe, { ...grid, fixed: shared }, !rest.includes("--no-dense"));
  for (const cell of cells) recipe.read(cell.args);
  const path = runPath(String(out), `sweep-${name}`);
  const command = `deno task sweep ${name} --out ${path}`;
  const plan = { name: `sweep-${name}`, settings, recipe, cells, out: path, command };
  const table = recipe.sweepTable ? { table: recipe.sweepTable } : {};
  return await runSweep({ ...plan, ...table, resume: resume === true }, context);
}
