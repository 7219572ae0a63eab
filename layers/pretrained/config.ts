/**
 * Sizes and kinds of networks as `config.json` of a model folder says them.
 *
 * @module
 */

import { checkInteger, checkNumber, isRecord } from "../../core/mod.ts";
import type { MlpActivation } from "../mlp.ts";
import type { RotaryOptions } from "../rotary.ts";

/**
 * What `config.json` holds.
 *
 * @example What `config.json` says
 * ```ts
 * import { asVit, type Config } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const config: Config = asVit({ image: [8, 8, 3], patch: 4, classes: 2 }).config;
 * assertEquals([config.image_size, config.patch_size], [8, 4]);
 * ```
 */
export type Config = Readonly<Record<string, unknown>>;

/** Activations by the names that they have there. */
const ACTIVATIONS: Readonly<Record<string, MlpActivation>> = {
  gelu: "gelu",
  gelu_new: "gelu-tanh",
  gelu_pytorch_tanh: "gelu-tanh",
  silu: "silu",
  swish: "silu",
  relu: "relu",
  tanh: "tanh",
};

/** Reads a config value by value; a value that no network here has is refused by its name. */
export class ConfigReader {
  readonly #config: Config;
  readonly #action: string;

  /** Looks at the config of a kind of model. */
  constructor(config: Config) {
    this.#config = config;
    this.#action = `read a model of type "${config.model_type}"`;
  }

  /** Whether a value is set: there, and not null. */
  has(key: string): boolean {
    return this.#config[key] !== undefined && this.#config[key] !== null;
  }

  /** A positive integer; the default where it is not set. */
  integer(key: string, fallback?: number): number {
    return checkInteger(this.#action, `"${key}"`, this.#value(key, fallback) as number);
  }

  /** A positive number. */
  number(key: string, fallback?: number): number {
    const value = this.#value(key, fallback) as number;
    return checkNumber(this.#action, `"${key}"`, value, { above: 0 });
  }

  /** A yes or no. */
  boolean(key: string, fallback: boolean): boolean {
    const value = this.#value(key, fallback);
    if (typeof value === "boolean") return value;
    throw this.#refusal(key, "true or false", value);
  }

  /** The activation of a perceptron. */
  activation(key: string): MlpActivation {
    const value = this.#value(key);
    const found = typeof value === "string" && ACTIVATIONS[value];
    if (found) return found;
    throw this.#refusal(key, Object.keys(ACTIVATIONS).join(", "), value);
  }

  /** How many classes the labels are. */
  classes(): number {
    const labels = this.#config.id2label;
    if (isRecord(labels)) return Object.keys(labels).length;
    return this.integer("num_labels", 2);
  }

  /** Refuses a value other than those; one that is not set is right. */
  only(key: string, ...allowed: readonly unknown[]): void {
    if (!this.has(key) || allowed.includes(this.#config[key])) return;
    const words = allowed.map((value) => JSON.stringify(value)).join(" or ");
    throw this.#refusal(key, words, this.#config[key]);
  }

  /** Refuses a list of words, or words between bars, other than these in some order. */
  words(key: string, ...expected: readonly string[]): void {
    const value = this.#value(key);
    const words = typeof value === "string" ? value.split("|") : value;
    const same = Array.isArray(words) && words.length === expected.length &&
      expected.every((word) => words.includes(word));
    if (!same) throw this.#refusal(key, expected.join(" and "), value);
  }

  /** Rotary positions, as newer and older files say them. */
  rotary(): RotaryOptions {
    const older = this.#config.rope_scaling;
    const newer = this.#config.rope_parameters;
    const said = isRecord(newer) ? newer : isRecord(older) ? older : {};
    const base = said.rope_theta ?? this.#config.rope_theta ?? 10_000;
    const number = (key: string): number =>
      checkNumber(this.#action, `"${key}"`, said[key] as number, { above: 0 });
    checkNumber(this.#action, '"rope_theta"', base as number, { above: 1 });
    const plain = { base: base as number };
    const type = said.rope_type ?? said.type ?? "default";
    switch (type) {
      case "default":
        return plain;
      case "linear":
        return { ...plain, scaling: { type: "linear", factor: number("factor") } };
      case "llama3":
        return {
          ...plain,
          scaling: {
            type: "llama3",
            factor: number("factor"),
            low: number("low_freq_factor"),
            high: number("high_freq_factor"),
            original: number("original_max_position_embeddings"),
          },
        };
      default:
        throw this.#refusal("rope_type", "default, linear or llama3", type);
    }
  }

  #value(key: string, fallback?: unknown): unknown {
    const value = this.has(key) ? this.#config[key] : fallback;
    if (value !== undefined) return value;
    throw this.#refusal(key, "a value", undefined);
  }

  #refusal(key: string, expected: string, got: unknown): RangeError {
    const value = got === undefined ? "none" : JSON.stringify(got);
    return new RangeError(
      `Cannot ${this.#action}: expected "${key}" to be ${expected}, got ${value}`,
    );
  }
}

/** The same as {@linkcode ConfigReader.rotary} reads it. */
export function rotaryConfig({ base = 10_000, scaling }: RotaryOptions): Config {
  if (!scaling) return { rope_theta: base, rope_type: "default" };
  if (scaling.type === "linear") {
    return { rope_theta: base, rope_type: "linear", factor: scaling.factor };
  }
  return {
    rope_theta: base,
    rope_type: "llama3",
    factor: scaling.factor,
    low_freq_factor: scaling.low,
    high_freq_factor: scaling.high,
    original_max_position_embeddings: scaling.original,
  };
}

/** Names of activations that files know, by ours. */
export function activationName(activation: MlpActivation): string {
  const names = Object.entries(ACTIVATIONS);
  const found = names.find(([, own]) => own === activation);
  if (found) return found[0];
  throw new RangeError(`Cannot write a model: other libraries know no activation "${activation}"`);
}
