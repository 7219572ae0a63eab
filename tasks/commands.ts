/**
 * The commands that need the whole framework.
 *
 * @module
 */

import "./recipes/mod.ts";
import { asksForHelp, help } from "./help.ts";
import { list as printList, listRecipe } from "./list.ts";
import { loadPlugins } from "./plugins.ts";
import { type RecipeContext, recipes } from "./recipe.ts";
import { sweep as runSweep } from "./sweep.ts";
import { textSink } from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Runs a recipe; Ctrl-C asks it to save and end, a second one ends it at once.
 *
 * @param args Name of the recipe and its options.
 * @returns Exit code.
 */
export async function train(args: readonly string[]): Promise<number> {
  const [name, ...options] = await loadPlugins(args);
  if (asksForHelp(args)) return helpOn("train", name);
  if (name === undefined || name.startsWith("-")) {
    throw new UsageError(
      `Cannot train: name a recipe first, known are ${recipes.names().sort().join(", ")}`,
    );
  }
  const recipe = recipes.get(name);
  return await interruptible((context) => recipe.run(options, context));
}

/**
 * Runs a recipe over lists of values; Ctrl-C as with {@linkcode train}.
 *
 * @param args Name of the recipe and its options, some with lists.
 * @returns Exit code.
 */
export async function sweep(args: readonly string[]): Promise<number> {
  const options = await loadPlugins(args);
  if (asksForHelp(args)) return helpOn("sweep", options[0]);
  return await interruptible((context) => runSweep(options, context));
}

/** Explains a recipe, or the command and what recipes there are. */
function helpOn(command: string, recipe: string | undefined): number {
  if (recipe !== undefined && !recipe.startsWith("-")) return listRecipe(recipe);
  help([command]);
  return listRecipe();
}

async function interruptible(job: (context: RecipeContext) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort();
  };
  Deno.addSignalListener("SIGINT", stop);
  try {
    return await job({ sink: textSink(), signal: controller.signal });
  } finally {
    Deno.removeSignalListener("SIGINT", stop);
  }
}

/**
 * Prints the plugins, those of the user included.
 *
 * @param args Kinds, and `--plugin FILE`.
 * @returns Exit code.
 */
export async function list(args: readonly string[]): Promise<number> {
  return printList(await loadPlugins(args));
}
