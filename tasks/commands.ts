/**
 * The commands that need the whole framework.
 *
 * @module
 */

import "./recipes/mod.ts";
import { asksForHelp, help } from "./help.ts";
import { INTERRUPTED, interruptible } from "./interruption.ts";
import { list as printList, listRecipe } from "./list.ts";
import { loadPlugins, requirePluginsOf } from "./plugins.ts";
import { processArguments, type Processes, withProcesses } from "./processes.ts";
import { type Recipe, type RecipeContext, recipes } from "./recipe.ts";
import { sweep as runSweep } from "./sweep.ts";
import { textSink } from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Runs a recipe; Ctrl-C, SIGTERM and SIGHUP ask it to save and end, a second Ctrl-C ends it at once.
 *
 * @param args Name of the recipe and its options.
 * @returns Exit code.
 */
export async function train(args: readonly string[]): Promise<number> {
  const { rest, ...wanted } = processArguments(await loadPlugins(args));
  const [name, ...options] = rest;
  if (asksForHelp(args)) return helpOn("train", name);
  if (name === undefined || name.startsWith("-")) {
    throw new UsageError(
      `Cannot train: name a recipe first, known are ${recipes.names().sort().join(", ")}`,
    );
  }
  await requirePlugins(options);
  const recipe = recipes.get(name);
  return await withContext((context) =>
    withProcesses({ rest, ...wanted }, context.sink, (processes, sink) => {
      requireParallel(recipe, processes);
      return recipe.run(options, { ...context, sink, processes });
    })
  );
}

/** Refuses several processes that would each do the same work. */
function requireParallel({ name, parallel }: Recipe, { comm }: Processes): void {
  if (parallel || comm.size === 1) return;
  const able = recipes.list().filter((r) => r.parallel).map((r) => r.name).sort().join(", ");
  throw new UsageError(
    `Cannot train "${name}" by ${comm.size} processes: expected one of ${able}`,
  );
}

/**
 * Runs a recipe over lists of values; signals as with {@linkcode train}.
 *
 * @param args Name of the recipe and its options, some with lists.
 * @returns Exit code.
 */
export async function sweep(args: readonly string[]): Promise<number> {
  const options = await loadPlugins(args);
  if (asksForHelp(args)) return helpOn("sweep", options[0]);
  await requirePlugins(options);
  return await withContext((context) => runSweep(options, context));
}

/** Names the plugins of a run that is to be resumed without them: before their names are missed. */
async function requirePlugins(options: readonly string[]): Promise<void> {
  if (!options.some((arg) => arg === "--resume" || arg === "--resume=true")) return;
  const place = options.findIndex((arg) => arg === "--out" || arg.startsWith("--out="));
  const [, folder = options[place + 1]] = options[place]?.split(/=(.*)/) ?? [];
  if (place >= 0 && folder) await requirePluginsOf(`resume ${folder}`, folder);
}

/** Explains a recipe, or the command and what recipes there are. */
function helpOn(command: string, recipe: string | undefined): number {
  if (recipe !== undefined && !recipe.startsWith("-")) return listRecipe(recipe);
  help([command]);
  return listRecipe();
}

/** Gives a job where to write and the wish to stop, of which it may throw the reason. */
async function withContext(job: (context: RecipeContext) => Promise<number>): Promise<number> {
  const sink = textSink(Deno.stdout, (reason) => {
    const text = `Warning: the output is lost (${reason}); the run goes on without it\n`;
    textSink(Deno.stderr).write(text);
  });
  return await interruptible(async (signal) => {
    try {
      return await job({ sink, signal });
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
      sink.write("\nInterrupted before the run began.\n");
      return INTERRUPTED;
    }
  });
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
