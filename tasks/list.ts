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
 * Prints every plugin with its description and options, or those of the kinds that are named.
 *
 * @param args Kinds, such as `integrator`; none: all.
 * @returns Exit code 0.
 * @throws {UsageError} When a kind is unknown.
 */
export function list(args: readonly string[], sink: TextSink = textSink()): number {
  const all = kinds();
  for (const name of args) {
    if (!all.has(name)) {
      throw new UsageError(`Cannot list "${name}": ${suggest(name, [...all.keys()])}`);
    }
  }
  const chosen = [...all].filter(([kind]) => args.length === 0 || args.includes(kind));
  sink.write(chosen.map(([kind, table]) => describeKind(kind, table)).join("\n"));
  return 0;
}

function describeKind(kind: string, table: Registry<Plugin>): string {
  // Only recipes are set on the command line; other plugins name the settings of their functions.
  const dashes = table.kind === recipes.kind ? "--" : "";
  const plugins = table.list().map((p) => {
    const options = Object.entries(p.options ?? {}).map(([key, text]) =>
      indented(`${dashes}${key}  ${text}`, 6)
    );
    return [indented(`${p.name}: ${p.description}`, 2), ...options].join("");
  });
  return `${kind}\n${plugins.join("")}`;
}

/** Lines of at most 80 columns behind `depth` spaces, continued two further in. */
function indented(text: string, depth: number): string {
  return wrap(text, 78 - depth)
    .map((line, i) => `${" ".repeat(depth + (i === 0 ? 0 : 2))}${line}\n`)
    .join("");
}
