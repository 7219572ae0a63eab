/**
 * Command-line options that are checked, by name and type, against a record of defaults.
 *
 * @module
 */

import {
  describeLimits,
  describeSetting,
  parseChoice,
  type Plugin,
  type Registry,
  type SettingLimits,
  settingsOf,
  splitChoices,
  suggest,
  withinLimits,
} from "../core/mod.ts";
import { UsageError } from "./usage_error.ts";

/** A value that an option can have. */
export type OptionValue = number | string | boolean | readonly number[];

/** What {@linkcode parseOptions} makes of a record of defaults: the same keys, without literals. */
export type ParsedOptions<T> = {
  -readonly [K in keyof T]: T[K] extends number ? number
    : T[K] extends boolean ? boolean
    : T[K] extends string ? string
    : number[];
};

/** Limits and explanation of one option; for a list, of each entry. */
export interface OptionRule extends SettingLimits {
  /**
   * The plugins that will do, each with settings of its own: `name:key=value,key=value`. What
   * `oneOf` names will do beside them.
   */
  readonly choiceOf?: Registry<Plugin>;
  /** Whether several choices will do, joined by commas; default false: it is one. */
  readonly several?: boolean;
  /** Whether none will do where several do; default false. */
  readonly none?: boolean;
}

/** Rules by option name; options without one may have any value of their type. */
export type OptionSchema<T> = { readonly [K in keyof T]?: OptionRule };

/** A record of defaults: any keys, each with a value that an option can have. */
export type OptionDefaults<T> = { readonly [K in keyof T]: OptionValue };

/**
 * Reads `--key value`, `--key=value`, `--flag` and `--no-flag`; keys in camel or kebab case.
 *
 * Lists are written `--widths 500,500`. The type of each default is the type of its option. This
 * is stricter than `parseArgs` of `@std/cli` can be made: it tells a missing value from an empty
 * one, takes negative numbers, and refuses an option given twice.
 *
 * @param args Arguments after the name of the recipe.
 * @param defaults Every option with its default.
 * @param schema Limits by option.
 * @returns The defaults, overridden.
 * @throws {UsageError} When a key is unknown or a value has the wrong type or breaks its rule.
 *
 * @example Overriding a default
 * ```ts
 * import { parseOptions } from "@rankflow/rankflow/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const defaults = { rank: 16, learningRate: 1e-3, baseline: true };
 * const options = parseOptions(["--learning-rate", "0.01", "--no-baseline"], defaults);
 * assertEquals(options, { rank: 16, learningRate: 0.01, baseline: false });
 * ```
 */
export function parseOptions<T extends OptionDefaults<T>>(
  args: readonly string[],
  defaults: T,
  schema: OptionSchema<T> = {},
): ParsedOptions<T> {
  const known = new Map<string, OptionValue>(Object.entries(defaults));
  const rules = new Map(Object.entries(schema) as [string, OptionRule | undefined][]);
  const found = new Map<string, OptionValue>();
  for (const { flag, key, text } of tokens(args, known)) {
    if (found.has(key)) throw new UsageError(`Cannot read ${flag}: it is given twice, drop one`);
    const value = convert(flag, text, known.get(key)!);
    const rule = rules.get(key) ?? {};
    checkRule(flag, value, rule);
    if (rule.several && !rule.none) requireSome(flag, String(value));
    found.set(key, value);
  }
  return Object.fromEntries(
    [...known].map(([k, v]) => [k, found.get(k) ?? copy(v)]),
  ) as ParsedOptions<T>;
}

/**
 * Describes options for people, by name with default, limits and explanation.
 *
 * @param defaults Every option with its default.
 * @param schema Limits and explanations by option.
 * @returns One line per option, by its command-line name without dashes.
 */
export function describeOptions<T extends OptionDefaults<T>>(
  defaults: T,
  schema: OptionSchema<T> = {},
): Record<string, string> {
  const rules = schema as Readonly<Record<string, OptionRule | undefined>>;
  const lines = Object.entries(defaults as Readonly<Record<string, OptionValue>>).map(
    ([key, value]) => [kebab(key), describeOption(value, rules[key] ?? {})] as const,
  );
  return Object.fromEntries(lines);
}

function describeOption(value: OptionValue, rule: OptionRule): string {
  const { choiceOf, several, oneOf = [], description } = rule;
  if (!choiceOf) return describeSetting(value, rule);
  const known = [...oneOf, ...choiceOf.known()];
  const list = several ? ", joined by commas" : "";
  const settable = choiceOf.list().some((plugin) => Object.keys(settingsOf(plugin)).length > 0);
  const settings = settable ? "; settings as in name:key=value,key=value" : "";
  return describeSetting(value, { description: `${description}${list}${settings}`, oneOf: known });
}

/** What a sweep makes of arguments: lists to vary and everything else. */
export interface OptionGrid {
  /** The values to take by the option's command-line name without dashes, in their order. */
  readonly axes: Readonly<Record<string, readonly string[]>>;
  /** The other arguments, each as `--key=value`. */
  readonly fixed: readonly string[];
}

/**
 * Takes the lists out of arguments: `--tolerance 0.02,0.1` varies an option of one number or of
 * one choice. Options of other types keep their commas.
 *
 * @param args Arguments after the name of the recipe.
 * @param defaults Every option with its default.
 * @param schema Limits by option.
 * @throws {UsageError} When a key is unknown.
 */
export function gridOf<T extends OptionDefaults<T>>(
  args: readonly string[],
  defaults: T,
  schema: OptionSchema<T> = {},
): OptionGrid {
  const known = new Map<string, OptionValue>(Object.entries(defaults));
  const rules = schema as Readonly<Record<string, OptionRule | undefined>>;
  const axes: Record<string, readonly string[]> = {};
  const fixed: string[] = [];
  for (const { key, text } of tokens(args, known)) {
    const { oneOf, choiceOf, several } = rules[key] ?? {};
    const varies = typeof known.get(key) === "number" || oneOf !== undefined;
    const values = several
      ? []
      : choiceOf
      ? splitChoices(text ?? "")
      : varies
      ? text?.split(",") ?? []
      : [];
    if (values.length > 1) axes[kebab(key)] = [...new Set(values)];
    else fixed.push(text === undefined ? `--${kebab(key)}` : `--${kebab(key)}=${text}`);
  }
  return { axes, fixed };
}

interface Token {
  /** As typed, for messages. */
  readonly flag: string;
  /** Key in the defaults. */
  readonly key: string;
  /** Text of the value; absent for a flag that stands alone. */
  readonly text: string | undefined;
}

function* tokens(
  args: readonly string[],
  known: ReadonlyMap<string, OptionValue>,
): Generator<Token> {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!/^--[^-=]/.test(arg)) {
      throw new UsageError(`Cannot read argument "${arg}": expected --key value`);
    }
    const equals = arg.indexOf("=");
    const flag = equals < 0 ? arg : arg.slice(0, equals);
    if (equals >= 0) {
      yield { flag, key: keyOf(flag, known), text: arg.slice(equals + 1) };
    } else if (negatedKey(flag, known) !== undefined) {
      yield { flag, key: negatedKey(flag, known)!, text: "false" };
    } else {
      const key = keyOf(flag, known);
      const takesNext = hasValue(args[i + 1], typeof known.get(key) === "boolean");
      yield { flag, key, text: takesNext ? args[++i] : undefined };
    }
  }
}

/** Whether the next argument is the value of the option before it. */
function hasValue(next: string | undefined, isFlag: boolean): boolean {
  if (next === undefined) return false;
  return isFlag ? next === "true" || next === "false" : !next.startsWith("--");
}

function negatedKey(flag: string, known: ReadonlyMap<string, OptionValue>): string | undefined {
  if (!flag.startsWith("--no-") || known.has(camel(flag.slice(2)))) return undefined;
  const key = camel(flag.slice(5));
  return typeof known.get(key) === "boolean" ? key : undefined;
}

function keyOf(flag: string, known: ReadonlyMap<string, OptionValue>): string {
  const key = camel(flag.slice(2));
  if (known.has(key)) return key;
  const names = [...known.keys()].map(kebab);
  throw new UsageError(`Cannot read ${flag}: unknown option, ${suggest(kebab(key), names)}`);
}

function camel(name: string): string {
  return name.replace(/-+([a-z0-9])/g, (_, c: string) => c.toUpperCase());
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
}

function convert(flag: string, text: string | undefined, like: OptionValue): OptionValue {
  if (typeof like === "boolean") return convertBoolean(flag, text);
  if (text === undefined) throw wrong(flag, expected(like), "nothing");
  if (typeof like === "string") return text;
  if (typeof like === "number") return convertNumber(flag, text, expected(like));
  // A list that is empty by default can be typed as that.
  if (text === "" && like.length === 0) return [];
  return text.split(",").map((part) => convertNumber(flag, part, expected(like), text));
}

function convertBoolean(flag: string, text: string | undefined): boolean {
  if (text === undefined || text === "true") return true;
  if (text === "false") return false;
  throw wrong(flag, "true or false", `"${text}"`);
}

function convertNumber(flag: string, part: string, what: string, whole: string = part): number {
  const value = part.trim() === "" ? NaN : Number(part);
  if (Number.isFinite(value)) return value;
  throw wrong(flag, what, `"${whole}"`);
}

function expected(like: OptionValue): string {
  if (typeof like === "string") return "a text";
  return typeof like === "number" ? "a finite number" : "finite numbers joined by commas";
}

function checkRule(flag: string, value: OptionValue, rule: OptionRule): void {
  const values = Array.isArray(value) ? value as readonly number[] : [value];
  for (const v of values as readonly (string | number | boolean)[]) {
    if (rule.choiceOf) {
      checkChoices(flag, String(v), rule);
      continue;
    }
    if (withinLimits(v, rule)) continue;
    if (!rule.oneOf) throw wrong(flag, describeLimits(rule), `${v}`);
    throw new UsageError(
      `Cannot set ${flag} to "${v}": ${suggest(String(v), rule.oneOf.map(String))}`,
    );
  }
}

function checkChoices(flag: string, text: string, rule: OptionRule): void {
  const { choiceOf: table, oneOf = [], several } = rule;
  for (const part of several ? splitChoices(text) : [text]) {
    if (oneOf.includes(part)) continue;
    const name = part.split(":")[0]!;
    if (!table!.has(name)) {
      const known = [...oneOf.map(String), ...table!.known()];
      throw new UsageError(`Cannot set ${flag} to "${name}": ${suggest(name, known)}`);
    }
    try {
      parseChoice(table!, part);
    } catch (error) {
      throw error instanceof Error ? new UsageError(error.message) : error;
    }
  }
}

function requireSome(flag: string, text: string): void {
  if (splitChoices(text).length > 0) return;
  throw wrong(flag, "one choice at least", JSON.stringify(text));
}

function wrong(flag: string, expected: string, got: string): UsageError {
  return new UsageError(`Cannot set ${flag}: expected ${expected}, got ${got}`);
}

function copy(value: OptionValue): OptionValue {
  return Array.isArray(value) ? [...value as readonly number[]] : value;
}
