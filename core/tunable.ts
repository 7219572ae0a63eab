/**
 * Plugins that are made of their settings: each makes the same of other settings, and whoever runs
 * it sees none of them.
 *
 * @module
 */

import type { Plugin, Registry } from "./registry.ts";
import {
  checkedSettings,
  parseChoice,
  type SettingLimits,
  type Settings,
  settingsUnder,
} from "./settings.ts";

/**
 * A plugin that may have settings, and then makes plugins of its kind `T` with others.
 *
 * @example A setting that comes from a text
 * ```ts
 * import { Registry, type Tunable } from "@rankflow/rankflow";
 * import { choose, tunable } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * interface Walk extends Tunable<Walk> {
 *   readonly length: number;
 * }
 * const walks = new Registry<Walk>("walk");
 * tunable(walks, {
 *   name: "walk",
 *   description: "steps of a length",
 *   defaults: { length: 1 },
 *   limits: { length: { above: 0 } },
 *   make: ({ length }) => ({ length }),
 * });
 * assertEquals(choose(walks, "walk:length=3").length, 3);
 * ```
 */
export interface Tunable<T> extends Plugin {
  /** Every setting with its default; absent: it has none. */
  readonly defaults?: Settings;
  /** Limits by setting. */
  readonly limits?: Readonly<Record<string, SettingLimits | undefined>>;
  /**
   * The same plugin with other settings.
   *
   * @param settings Overrides of the defaults.
   * @throws {RangeError} When a setting is unknown or outside its limits.
   * @throws {TypeError} When a value has another type than its default.
   */
  tuned?(settings: Settings): T;
}

/** A plugin with settings as its author writes it; {@linkcode tunable} adds the rest. */
export interface TunableDefinition<T, S extends Settings> extends Plugin {
  /** Every setting with its default. */
  readonly defaults: S;
  /** Limits and explanations. */
  readonly limits: { readonly [K in keyof S]: SettingLimits };
  /**
   * What it is with given settings.
   *
   * @param named The plugin of the same kind that a setting names, with the settings under it.
   */
  make(settings: S, named: (key: keyof S & string) => T): Omit<T, keyof Tunable<T>>;
}

/** A plugin that {@linkcode tunable} made. */
export type Tuned<T, S extends Settings> = T & {
  readonly defaults: S;
  readonly limits: { readonly [K in keyof S]: SettingLimits };
  tuned(settings: Partial<S>): T;
};

/**
 * Registers a plugin that is made of its settings.
 *
 * @example A window whose width can be set
 * ```ts
 * import { choose, Registry, tunable, type Tunable } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * interface Kernel extends Tunable<Kernel> {
 *   at(x: number): number;
 * }
 * const kernels = new Registry<Kernel>("kernel");
 * tunable(kernels, {
 *   name: "gauss",
 *   description: "bell",
 *   defaults: { width: 1 },
 *   limits: { width: { above: 0, description: "standard deviation" } },
 *   make: ({ width }) => ({ at: (x) => Math.exp(-((x / width) ** 2) / 2) }),
 * });
 * assertEquals(choose(kernels, "gauss:width=2").at(2), kernels.get("gauss").at(1));
 * ```
 */
export function tunable<T extends Tunable<T>, S extends Settings>(
  table: Registry<T>,
  definition: TunableDefinition<T, S>,
): Tuned<T, S> {
  const { name, description, defaults, limits, make } = definition;
  const made = (given: Settings): Tuned<T, S> => {
    const settings = checkedSettings<S>(table, { name, description, defaults, limits }, given);
    const named = (key: keyof S & string) =>
      tune(table, table.get(String(settings[key])), settingsUnder(key, settings));
    const own = { ...make(settings, named), name, description, defaults, limits, tuned: made };
    return own as unknown as Tuned<T, S>;
  };
  const plugin = made({});
  table.add(plugin);
  return plugin;
}

/**
 * A plugin with settings.
 *
 * @throws {RangeError} When a setting is unknown or outside its limits.
 * @throws {TypeError} When a value has another type than its default.
 */
export function tune<T extends Tunable<T>>(table: Registry<T>, plugin: T, settings: Settings): T {
  checkedSettings(table, { defaults: {}, ...plugin }, settings);
  if (Object.keys(settings).length === 0) return plugin;
  if (plugin.tuned) return plugin.tuned(settings);
  throw new RangeError(
    `Cannot set ${table.kind} "${plugin.name}": expected it to have a method "tuned", got none`,
  );
}

/**
 * The plugin that a text chooses, with the settings in it, as {@linkcode parseChoice} reads them.
 *
 * @throws {RangeError} As {@linkcode parseChoice} does.
 * @throws {TypeError} As {@linkcode parseChoice} does.
 */
export function choose<T extends Tunable<T>>(table: Registry<T>, text: string): T {
  const { plugin, settings } = parseChoice(table, text);
  return tune(table, plugin, settings);
}
