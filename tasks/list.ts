/**
 * The command `list`.
 *
 * @module
 */

import {
  adversarialTrainings,
  attacks,
  augmentations,
  backends,
  datasets,
  frameRetractions,
  integrators,
  lowRankRetractions,
  manifolds,
  type Plugin,
  type Registry,
  regularizers,
  reports,
  steppers,
  strengthSchedules,
  suggest,
  truncationRules,
  tuckerDecompositions,
  tuckerIntegrators,
  tuckerRetractions,
  weightFormats,
  windows,
} from "../core/mod.ts";
import { initialisers, networks } from "../layers/mod.ts";
import { optimizers, schedules } from "../optimizers/mod.ts";
import { methods } from "./methods.ts";
import { bodies, flowKernels } from "./flow/mod.ts";
import { recipes } from "./recipe.ts";
import { type TextSink, textSink, wrap } from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Every kind of plugin with its table, in the order in which `list` prints them. */
export function kinds(): ReadonlyMap<string, Registry<Plugin>> {
  const tables: readonly Registry<Plugin>[] = [
    recipes,
    methods,
    datasets,
    augmentations,
    backends,
    integrators,
    steppers,
    truncationRules,
    regularizers,
    strengthSchedules,
    attacks,
    adversarialTrainings,
    manifolds,
    frameRetractions,
    lowRankRetractions,
    tuckerRetractions,
    tuckerIntegrators,
    tuckerDecompositions,
    weightFormats,
    windows,
    networks,
    initialisers,
    optimizers,
    schedules,
    bodies,
    flowKernels,
    reports,
  ] as unknown as readonly Registry<Plugin>[];
  return new Map(tables.map((table) => [table.kind, table]));
}

/**
 * Prints every plugin with its description and options, or those that are named.
 *
 * @param args Kinds, such as `integrator`, and names of plugins, such as `cifar`; none: all.
 * @returns Exit code 0.
 * @throws {UsageError} When there is neither a kind nor a plugin of a name.
 */
export function list(args: readonly string[], sink: TextSink = textSink()): number {
  const all = kinds();
  for (const name of args) {
    if (!all.has(name) && ![...all.values()].some((table) => table.has(name))) {
      throw new UsageError(`Cannot list "${name}": ${suggest(name, [...all.keys()])}`);
    }
  }
  const parts = [...all].map(([kind, table]) => {
    const wanted = args.length === 0 || args.includes(kind);
    const named = new Set(args.filter((arg) => table.has(arg)).map((arg) => table.get(arg)));
    const plugins = table.list().filter((plugin) => wanted || named.has(plugin));
    return plugins.length === 0 ? "" : `${kind}\n${plugins.map(printer(table)).join("")}`;
  });
  sink.write(parts.filter((text) => text !== "").join("\n"));
  return 0;
}

/**
 * Prints a recipe with its options, or the descriptions of all.
 *
 * @returns Exit code 0.
 * @throws {RangeError} When there is no such recipe.
 */
export function listRecipe(name?: string, sink: TextSink = textSink()): number {
  const text = name === undefined
    ? recipes.list().map((r) => describe({ name: r.name, description: r.description }, ""))
    : [describe(recipes.get(name), "--")];
  sink.write(text.join(""));
  return 0;
}

/** Only recipes are set on the command line; other plugins name the settings of their functions. */
function printer(table: Registry<Plugin>): (plugin: Plugin) => string {
  const dashes = table.kind === recipes.kind ? "--" : "";
  return (plugin) => {
    const also = table.aliases(plugin.name).map((alias) => `; also ${alias}`).join("");
    return describe({ ...plugin, description: plugin.description + also }, dashes);
  };
}

function describe({ name, description, options = {} }: Plugin, dashes: string): string {
  const lines = Object.entries(options).map(([key, text]) =>
    indented(`${dashes}${key}  ${text}`, 6)
  );
  return [indented(`${name}: ${description}`, 2), ...lines].join("");
}

/** Lines of at most 80 columns behind `depth` spaces, continued two further in. */
function indented(text: string, depth: number): string {
  return wrap(text, 78 - depth)
    .map((line, i) => `${" ".repeat(depth + (i === 0 ? 0 : 2))}${line}\n`)
    .join("");
}
