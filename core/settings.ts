/**
 * Settings of plugins: plain records, checked by name, type and limits against typed defaults, and
 * their spelling on a command line.
 *
 * @module
 */

import { type Plugin, type Registry, suggest } from "./registry.ts";

/** A value that a setting can have. */
export type SettingValue = number | string | boolean;

/** Settings by name. */
export type Settings = Readonly<Record<string, SettingValue>>;

/** What values will do for a setting, and its explanation. */
export interface SettingLimits {
  /** Smallest value, inclusive. */
  readonly min?: number;
  /** Largest value, inclusive. */
  readonly max?: number;
  /** What values stay above. */
  readonly above?: number;
  /** What values stay below. */
  readonly below?: number;
  /** Whether only whole numbers will do; default false. */
  readonly integer?: boolean;
  /** The values that will do; default all. */
  readonly oneOf?: readonly (string | number)[];
  /** One line for `task list`. */
  readonly description?: string;
}

/**
 * A plugin with settings.
 *
 * @example Settings are checked against defaults and limits
 * ```ts
 * import {
 *   type Configurable, type Plugin, Registry, type SettingLimits, type Settings, type
 *   SettingValue,
 * } from "@rankflow/rankflow";
 * import { checkedSettings } from "@rankflow/rankflow/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const positive: SettingLimits = { above: 0, description: "length of a step" };
 * const walk: Configurable<{ readonly length: number }> = {
 *   name: "walk",
 *   description: "steps of a length",
 *   defaults: { length: 1 },
 *   limits: { length: positive },
 * };
 * const length: SettingValue = 2;
 * const settings: Settings = { length };
 * const walks = new Registry<Plugin>("walk");
 * assertEquals(checkedSettings(walks, walk, settings), { length: 2 });
 * assertThrows(() => checkedSettings(walks, walk, { length: 0 }), RangeError, "length");
 * ```
 */
export interface Configurable<S extends Settings = Settings> extends Plugin {
  /**
   * Every setting with its default, whose type is that of the setting. Where one names another
   * plugin of the kind, such as `base`, the settings of that one are `base.` and their names.
   */
  readonly defaults: S;
  /** Limits by setting. */
  readonly limits?: { readonly [K in keyof S]?: SettingLimits };
}

/** A plugin that was chosen, with what was set of its defaults. */
export interface Choice<T> {
  /** The plugin. */
  readonly plugin: T;
  /** What was set. */
  readonly settings: Settings;
}

/**
 * The defaults of a plugin, overridden.
 *
 * @param table Where the plugin is registered, for its kind and the plugins that it names.
 * @param given Overrides; those of a plugin that it names are checked and returned as well.
 * @throws {RangeError} When a setting is unknown or outside its limits.
 * @throws {TypeError} When a value has another type than its default.
 */
export function checkedSettings<S extends Settings>(
  table: Registry<Plugin>,
  plugin: Configurable<S>,
  given: Settings = {},
): S {
  checkSettings(table, plugin, given);
  return { ...plugin.defaults, ...given };
}

function checkSettings(table: Registry<Plugin>, plugin: Plugin, given: Settings): void {
  for (const [key, value] of Object.entries(given)) {
    const { owner, name, like, limits } = placeOf(table, plugin, given, key);
    const fail = (expected: string): string =>
      `Cannot set "${name}" of ${table.kind} "${owner}": expected ${expected}, got ` +
      (typeof value === "string" ? `"${value}"` : value);
    if (typeof value !== typeof like) throw new TypeError(fail(typeName(like)));
    if (!withinLimits(value, limits)) {
      throw new RangeError(fail(describeLimits(limits) || "a finite number"));
    }
  }
}

/**
 * Reads `name` or `name:key=value,key=value`; `name:value` for a plugin with one setting.
 *
 * @param table The plugins to choose from.
 * @throws {RangeError} When there is no such plugin or setting, or a value is outside its limits.
 * @throws {TypeError} When a value has another type than its default.
 *
 * @example Choosing a window and its width
 * ```ts
 * import { parseChoice, Registry } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const windows = new Registry<
 *   { name: string; description: string; defaults: { width: number; closed: boolean } }
 * >("window");
 * windows.add({ name: "hann", description: "bell", defaults: { width: 1, closed: false } });
 * const { plugin, settings } = parseChoice(windows, "hann:width=0.5");
 * assertEquals([plugin.name, settings], ["hann", { width: 0.5 }]);
 * ```
 */
export function parseChoice<T extends Plugin>(table: Registry<T>, text: string): Choice<T> {
  const colon = text.indexOf(":");
  const plugin = table.get(colon < 0 ? text : text.slice(0, colon));
  const only = onlySetting(plugin);
  const texts: Record<string, string> = {};
  for (const part of colon < 0 ? [] : text.slice(colon + 1).split(",")) {
    const [key, value] = keyAndValue(part, only);
    if (key === "" || value === undefined || key in texts) {
      throw new RangeError(
        `Cannot read ${table.kind} "${text}": expected name:key=value,key=value with each key ` +
          `once, got "${part}"`,
      );
    }
    texts[key] = value;
  }
  const settings = Object.fromEntries(
    Object.entries(texts).map(([key, value]) => {
      return [key, valueLike(placeOf(table, plugin, texts, key).like, value)];
    }),
  );
  checkSettings(table, plugin, settings);
  return { plugin, settings };
}

/** A choice as {@linkcode parseChoice} reads it. */
export function formatChoice({ plugin, settings }: Choice<Plugin>): string {
  const parts = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  return parts.length === 0 ? plugin.name : `${plugin.name}:${parts.join(",")}`;
}

/** The choices in a text, joined by commas; none in an empty one. */
export function splitChoices(text: string): string[] {
  const parts = text.split(/,(?![\w.]+=)/);
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/**
 * The settings of a plugin that another one names: those that begin with `name.`, without that.
 *
 * @param name Setting that names the plugin, such as `base`.
 */
export function settingsUnder(name: string, settings: Settings): Settings {
  const prefix = `${name}.`;
  return Object.fromEntries(
    Object.entries(settings).filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/** The settings of a plugin for people: default, limits and explanation by name. */
export function describeSettings(
  { defaults, limits = {} }: Pick<Configurable, "defaults" | "limits">,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(defaults).map(([key, value]) => [key, describeSetting(value, limits[key])]),
  );
}

/** One setting for people: explanation, limits and default. */
export function describeSetting(
  value: SettingValue | readonly number[],
  limits: SettingLimits = {},
): string {
  const shown = value === "" ? "none" : String(value);
  const notes = [describeLimits(limits), `default ${shown}`].filter((s) => s !== "").join("; ");
  return limits.description ? `${limits.description} (${notes})` : notes;
}

/** What values will do, in words; empty where all of the type will. */
export function describeLimits({ min, max, above, below, integer, oneOf }: SettingLimits): string {
  if (oneOf) return `one of ${oneOf.join(", ")}`;
  const kind = integer ? "a whole number" : "a number";
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  const bounds = Object.entries({ "≥": min, ">": above, "≤": max, "<": below })
    .flatMap(([sign, bound]) => bound === undefined ? [] : [`${sign} ${bound}`]);
  return bounds.length > 0 || integer ? [kind, bounds.join(" and ")].join(" ").trim() : "";
}

/** Whether a value will do; numbers that are not finite never do. */
export function withinLimits(value: SettingValue, limits: SettingLimits): boolean {
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = limits;
  const { integer, oneOf } = limits;
  if (typeof value === "boolean") return true;
  if (oneOf && !oneOf.includes(value)) return false;
  if (typeof value === "string") return true;
  return Number.isFinite(value) && value >= min && value <= max && value > above &&
    value < below &&
    (!integer || Number.isInteger(value));
}

/** A setting where it is defined. */
interface Place {
  readonly owner: string;
  readonly name: string;
  readonly like: SettingValue;
  readonly limits: SettingLimits;
}

/** The settings of a plugin of any kind with their defaults; none where it has none. */
export function settingsOf(plugin: Plugin): Settings {
  return offered(plugin).defaults;
}

/** What a plugin says of its settings, if it has any. */
function offered(plugin: Plugin): Required<Pick<Configurable, "defaults" | "limits">> {
  const { defaults = {}, limits = {} } = plugin as Partial<Configurable>;
  return { defaults, limits };
}

/** The setting of a plugin that has one. */
function onlySetting(plugin: Plugin): string | undefined {
  const keys = Object.keys(offered(plugin).defaults);
  return keys.length === 1 ? keys[0] : undefined;
}

function placeOf(table: Registry<Plugin>, plugin: Plugin, given: Settings, key: string): Place {
  const { name: owner } = plugin;
  const { defaults, limits } = offered(plugin);
  if (Object.hasOwn(defaults, key)) {
    return { owner, name: key, like: defaults[key]!, limits: limits[key] ?? {} };
  }
  const [prefix, rest] = [key.slice(0, key.indexOf(".")), key.slice(key.indexOf(".") + 1)];
  if (rest !== key && typeof defaults[prefix] === "string") {
    const named = table.get(String(given[prefix] ?? defaults[prefix]));
    return placeOf(table, named, settingsUnder(prefix, given), rest);
  }
  const known = knownSettings(table, plugin, given);
  const near = known.length === 0 ? "it has no settings" : suggest(key, known);
  throw new RangeError(`Cannot set "${key}" of ${table.kind} "${owner}": ${near}`);
}

/** Every key that will do, those of plugins that it names included. */
function knownSettings(table: Registry<Plugin>, plugin: Plugin, given: Settings): string[] {
  return Object.entries(offered(plugin).defaults).flatMap(([key, value]) => {
    const named = String(given[key] ?? value);
    if (typeof value !== "string" || !table.has(named)) return [key];
    const { defaults } = offered(table.get(named));
    return [key, ...Object.keys(defaults).map((k) => `${key}.${k}`)];
  });
}

/** @param only The key that may be left out. */
function keyAndValue(part: string, only?: string): [key: string, value: string | undefined] {
  const equals = part.indexOf("=");
  if (equals < 0) {
    return only === undefined || part === "" ? [part, undefined] : [only, part.trim()];
  }
  return [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
}

/** The value that a text spells, or the text where it spells none of that type. */
function valueLike(like: SettingValue, text: string): SettingValue {
  if (typeof like === "boolean" && (text === "true" || text === "false")) return text === "true";
  if (typeof like === "number" && text !== "" && !Number.isNaN(Number(text))) return Number(text);
  return text;
}

function typeName(like: SettingValue): string {
  if (typeof like === "string") return "a text";
  return typeof like === "number" ? "a number" : "true or false";
}
