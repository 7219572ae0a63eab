/**
 * What `adapter_config.json` says of an adapter.
 *
 * @module
 */

import { suggest } from "../../registry.ts";
import { checked, isRecord, oneOf } from "../expectation.ts";
import { brief } from "../json.ts";
import { FIELDS, isEmpty, PEFT_TYPES, type PeftType } from "./fields.ts";

/** The config of an adapter, under the names that its library gives the keys. */
export interface AdapterConfig {
  /** Type of the adapter. */
  readonly type: PeftType;
  /** Values by key, those that a file leaves out included. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Where it comes from, for messages. */
  readonly source: string;
}

/** Starts that change the base when an adapter is loaded; only the first can be repeated here. */
const CHANGED_BASE = /^(?:olora|eva|corda|loftq|lora_ga|mica)$/;

/**
 * Checks a config: the type is one that is known, each key is one that it has, and each value fits.
 *
 * @param json What the file holds.
 * @param source Where it comes from, for messages.
 * @throws {Error} "Cannot read SOURCE: expected …, got …".
 *
 * @example What a file leaves out has its default
 * ```ts
 * import { adapterConfig } from "@rankflow/rankflow/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const { values } = adapterConfig({ peft_type: "LORA", target_modules: ["c_attn"] }, "a file");
 * assertEquals([values.r, values.lora_alpha, values.bias], [8, 8, "none"]);
 * assertThrows(() => adapterConfig({ peft_type: "LORE" }, "a file"), Error, "one of LORA");
 * ```
 */
export function adapterConfig(json: unknown, source: string): AdapterConfig {
  const refuse = (expected: string, got: string) =>
    new Error(`Cannot read ${source}: expected ${expected}, got ${got}`);
  if (!isRecord(json)) throw refuse("a JSON object", brief(json));
  const { peft_type: named = null } = json;
  if (!PEFT_TYPES.includes(named as PeftType)) {
    throw refuse(`"peft_type" to be ${oneOf(...PEFT_TYPES).what}`, brief(named));
  }
  const type = named as PeftType;
  const fields = FIELDS[type];
  for (const [key, value] of Object.entries(json)) {
    // Newer versions write what they can do beside, unused.
    if (Object.hasOwn(fields, key) || isEmpty(value)) continue;
    throw refuse(
      `the keys of ${type} adapters`,
      `${brief(key)}, which nothing here follows${near(key, Object.keys(fields))}`,
    );
  }
  const values: Record<string, unknown> = {};
  for (const [key, [expected, otherwise]] of Object.entries(fields)) {
    values[key] = Object.hasOwn(json, key)
      ? checked({ ...expected, fault: (v) => expected.fault(v, key) }, json[key], source)
      : otherwise;
  }
  const { init_lora_weights: start } = values;
  if (typeof start === "string" && CHANGED_BASE.test(start)) {
    throw refuse(
      '"init_lora_weights" to be true or a start that keeps the base',
      `${brief(start)}; save the adapter with path_initial_model_for_weight_conversion`,
    );
  }
  return { type, values, source };
}

/**
 * The JSON of a config as its library writes it: all keys in order, two spaces.
 *
 * @returns The text, with a final line break.
 */
export function adapterConfigText({ type, values }: AdapterConfig): string {
  const all = Object.entries({ ...values, peft_type: type, inference_mode: true });
  const sorted = all.filter(([, v]) => v !== undefined).sort(([a], [b]) => a < b ? -1 : 1);
  return `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
}

/** The value of a key that is a record of patterns, for a module; undefined where none fits. */
export function patterned<T>(
  { values, source }: AdapterConfig,
  key: string,
  module: string,
): T | undefined {
  const patterns = (values[key] ?? {}) as Readonly<Record<string, T>>;
  for (const [pattern, value] of Object.entries(patterns)) {
    if (regular(`(.*\\.)?(${pattern})$`, `"${key}"`, source).test(module)) return value;
  }
  return undefined;
}

/**
 * A regular expression out of a file, from the first letter on.
 *
 * @throws {Error} When it is none that is understood here.
 */
export function regular(pattern: string, what: string, source: string): RegExp {
  try {
    return new RegExp(`^${pattern}`);
  } catch {
    throw new Error(
      `Cannot read ${source}: expected regular expressions in ${what}, got ${brief(pattern)}`,
    );
  }
}

/** "; did you mean …" where a name is near to others: lists of all would be long. */
export function near(name: string, known: readonly string[]): string {
  const found = suggest(name, known);
  return found.startsWith("did") ? `; ${found}` : "";
}
