/**
 * The command `list`.
 *
 * @module
 */

import {
  adapters,
  adversarialTrainings,
  attacks,
  augmentations,
  backends,
  type Configurable,
  corrections,
  datasets,
  describeSettings,
  frameRetractions,
  integrators,
  lowRankRetractions,
  manifolds,
  movers,
  partitions,
  type Plugin,
  refreshRules,
  type Registry,
  regularizers,
  reports,
  sequenceDatasets,
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
import {
  attentions,
  conservations,
  initialisers,
  networks,
  pretrainedFamilies,
} from "../layers/mod.ts";
import { optimizers, schedules } from "../optimizers/mod.ts";
import { federatedMethods } from "./federated/methods.ts";
import { methods } from "./methods.ts";
import { bodies, flowKernels } from "./flow/mod.ts";
import { odeProblems } from "./ode/mod.ts";
import {
  closureNetworks,
  kineticProblems,
  limiters,
  quadratures,
  scatteringKernels,
  sweepKernels,
} from "./kinetic/mod.ts";
import { groupsOf } from "./option_groups.ts";
import { ways } from "./pretrain/ways.ts";
import { type Recipe, recipes } from "./recipe.ts";
import { type TextSink, textSink, wrap } from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";
import { unsteadyProblems } from "./windowing/mod.ts";

/** Every kind of plugin with its table, in the order in which `list` prints them. */
export function kinds(): ReadonlyMap<string, Registry<Plugin>> {
  const tables: readonly Registry<Plugin>[] = [
    recipes,
    methods,
    ways,
    datasets,
    sequenceDatasets,
    augmentations,
    backends,
    integrators,
    steppers,
    truncationRules,
    refreshRules,
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
    movers,
    adapters,
    windows,
    networks,
    federatedMethods,
    corrections,
    partitions,
    attentions,
    pretrainedFamilies,
    initialisers,
    conservations,
    optimizers,
    schedules,
    bodies,
    flowKernels,
    kineticProblems,
    closureNetworks,
    quadratures,
    limiters,
    sweepKernels,
    scatteringKernels,
    odeProblems,
    unsteadyProblems,
    reports,
  ] as unknown as readonly Registry<Plugin>[];
  return new Map(tables.map((table) => [table.kind, table]));
}

/**
 * Prints one line for each plugin, or of those that are named everything that can be set.
 *
 * @param args Kinds, such as `integrator`, and names of plugins, such as `cifar`; none: all. A name
 * that is a kind, too, is that kind; `mover:optimizer` is the plugin.
 * @returns Exit code 0.
 * @throws {UsageError} When there is neither a kind nor a plugin of a name.
 */
export function list(args: readonly string[], sink: TextSink = textSink()): number {
  const all = kinds();
  const names = new Set([...all].flatMap(([kind, table]) => [kind, ...table.known()]));
  for (const name of args) {
    const isPlugin = [...all.values()].some((table) => pluginIn(table, name, all));
    if (all.has(name) || isPlugin) continue;
    throw new UsageError(`Cannot list "${name}": ${suggest(name, [...names])}`);
  }
  const parts = [...all].map(([kind, table]) => {
    const wanted = args.length === 0 || args.includes(kind);
    const named = new Set(args.map((arg) => pluginIn(table, arg, all)));
    const lines = table.list().flatMap((plugin) => {
      if (named.has(plugin)) return [describe(plugin, table.aliases(plugin.name))];
      return wanted ? [inOneLine(plugin)] : [];
    });
    return lines.length === 0 ? "" : `${kind}\n${lines.join("")}`;
  });
  const more = args.length === 0 ? "\ndeno task list NAME tells all that can be set\n" : "";
  sink.write(`${parts.filter((text) => text !== "").join("\n")}${more}`);
  return 0;
}

/** The plugin of a table that a text names, alone or after the kind. */
function pluginIn(
  table: Registry<Plugin>,
  text: string,
  all: ReturnType<typeof kinds>,
): Plugin | undefined {
  const prefix = `${table.kind}:`;
  const name = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  return all.has(text) || !table.has(name) ? undefined : table.get(name);
}

/**
 * Prints a recipe with its options, or the descriptions of all.
 *
 * @returns Exit code 0.
 * @throws {RangeError} When there is no such recipe.
 */
export function listRecipe(name?: string, sink: TextSink = textSink()): number {
  const text = name === undefined ? recipes.list().map(inOneLine) : [describe(recipes.get(name))];
  sink.write(text.join(""));
  return 0;
}

/** Columns of a terminal that a line may take. */
const COLUMNS = 80;

/** The beginning of the description, where all of it is too long. */
function inOneLine({ name, description }: Plugin): string {
  const text = `  ${name}: ${description}`;
  const [first = ""] = wrap(text.trimStart(), COLUMNS - 4);
  return `${text.length <= COLUMNS ? text : `  ${first.replace(/[,;:]$/, "")} …`}\n`;
}

function describe(plugin: Plugin, aliases: readonly string[] = []): string {
  const also = aliases.map((alias) => `; also ${alias}`).join("");
  return [indented(`${plugin.name}: ${plugin.description}${also}`, 2), ...settingLines(plugin)]
    .join("");
}

/** Recipes are set by flags, other plugins by settings after their names. */
function settingLines(plugin: Plugin): string[] {
  if ("grid" in plugin) {
    const { options } = plugin as Recipe;
    return groupsOf(Object.keys(options)).flatMap(([about, keys]) => [
      indented(`${about}:`, 4),
      ...keys.map((key) => indented(`--${key}  ${options[key]}`, 6)),
    ]);
  }
  const { defaults = {}, limits = {} } = plugin as Partial<Configurable>;
  const settings = describeSettings({ defaults, limits });
  return Object.entries(settings).map(([key, text]) => indented(`${key}  ${text}`, 6));
}

/** Lines of at most 80 columns behind `depth` spaces, continued two further in. */
function indented(text: string, depth: number): string {
  return wrap(text, COLUMNS - 2 - depth)
    .map((line, i) => `${" ".repeat(depth + (i === 0 ? 0 : 2))}${line}\n`)
    .join("");
}
