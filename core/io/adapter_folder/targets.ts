/**
 * Which modules of a model an adapter means.
 *
 * @module
 */

import { brief } from "../json.ts";
import type { AdapterBase, BaseModule } from "./base.ts";
import { type AdapterConfig, near, regular } from "./config.ts";

/** Heads of classifiers, which `all-linear` leaves alone. */
const HEADS = /(?:^|\.)(?:lm_head|score|classifier)$/;

/** Whether the config means a module that goes by these names. */
type Question = (name: string) => boolean;

/**
 * The modules that a config names, in the order of the model; all of them where it says nothing.
 *
 * @throws {Error} When it means none; the message lists near names.
 */
export function targetsOf(config: AdapterConfig, base: AdapterBase): readonly BaseModule[] {
  const { values: { target_modules: targets } } = config;
  if (targets === null) return base.modules;
  const means = questionOf(config);
  const found = base.modules.filter((module) => means(module));
  if (found.length > 0) return found;
  const ends = new Set(base.modules.flatMap((m) => m.names.map((n) => n.split(".").at(-1)!)));
  const asked = Array.isArray(targets) ? targets : [targets];
  const last = String(asked[0] ?? "").split(".").at(-1)!;
  throw new Error(
    `Cannot read ${config.source}: expected "target_modules" that the model has, got ` +
      `${brief(targets)}${near(last, [...ends])}`,
  );
}

/** Whether a config means a module. */
export function questionOf(config: AdapterConfig): (module: BaseModule) => boolean {
  const { target_modules: targets, exclude_modules: excluded, modules_to_save: saved } =
    config.values;
  const wanted = named(targets, "target_modules", config);
  const out = named(excluded, "exclude_modules", config);
  const whole = named(saved, "modules_to_save", config);
  const layer = layersOf(config);
  return ({ kind, names }) => {
    if (targets === "all-linear") {
      if (kind !== "linear" && kind !== "conv1d" || names.some((n) => HEADS.test(n))) return false;
    } else if (!names.some((n) => wanted(n) && layer(n))) return false;
    return !names.some((n) => out(n) || parents(n).some(whole));
  };
}

/** A list means names and their ends; a text is a regular expression for the whole name. */
function named(value: unknown, key: string, { source }: AdapterConfig): Question {
  if (value === null || value === undefined) return () => false;
  if (typeof value === "string") {
    const pattern = regular(`(?:${value})$`, `"${key}"`, source);
    return (name) => pattern.test(name);
  }
  const list = value as readonly string[];
  return (name) => list.some((end) => name === end || name.endsWith(`.${end}`));
}

function layersOf({ values, source }: AdapterConfig): Question {
  const { target_modules: targets, layers_to_transform: layers, layers_pattern: pattern } = values;
  if (layers === null || !Array.isArray(targets)) return () => true;
  const indices = [layers].flat() as unknown as readonly number[];
  const parts = [pattern ?? "[^.]*"].flat() as unknown as readonly string[];
  const patterns = (parts.length === 0 ? ["[^.]*"] : parts).map((part) =>
    regular(`.*\\.${part}\\.(\\d+)\\.`, '"layers_pattern"', source)
  );
  return (name) => {
    const found = patterns.map((p) => p.exec(name)).find((match) => match !== null);
    return found !== undefined && found !== null && indices.includes(Number(found[1]));
  };
}

/** A name and those of the modules around it. */
function parents(name: string): string[] {
  const parts = name.split(".");
  return parts.map((_, i) => parts.slice(0, parts.length - i).join("."));
}
