/**
 * The keys that `adapter_config.json` may have for each type of adapter, what they must be, and what
 * they are where a file does not say.
 *
 * @module
 */

import {
  aBoolean,
  aNumber,
  anything,
  aText,
  byName,
  type Expectation,
  listOf,
  orNull,
} from "../expectation.ts";
import { brief } from "../json.ts";

/** A key: what it must be, and its default. */
export type Field = readonly [expected: Expectation<unknown>, otherwise: unknown];
/** Keys by name. */
export type Fields = Readonly<Record<string, Field>>;

/** A type of adapters, as `peft_type` says it. */
export type PeftType = "LORA" | "ADALORA" | "VERA" | "RANDLORA" | "LOHA" | "LOKR";
/** All of them. */
export const PEFT_TYPES: readonly PeftType[] = [
  "LORA",
  "ADALORA",
  "VERA",
  "RANDLORA",
  "LOHA",
  "LOKR",
];

const aRank = expectation("a whole number ≥ 1", (v) => Number.isSafeInteger(v) && v as number >= 1);
const aShare = expectation("a number in 0 ≤ x < 1", (v) => isNumber(v) && v >= 0 && v < 1);
const aText0 = orNull(aText);
const ranks = orNull(byName(aRank));
const numbers = orNull(byName(aNumber));

/** Names, one pattern, or nothing. */
const names = expectation(
  "a list of names or a text",
  (v) => v === null || typeof v === "string" || isTexts(v),
);
const indices = expectation(
  "a whole number or a list of them",
  (v) => v === null || [v].flat().every((i) => Number.isSafeInteger(i) && i as number >= 0),
);
/** What nobody here does: only its default is read. */
const only = (...allowed: readonly unknown[]): Field => [
  expectation(
    `${allowed.map((v) => JSON.stringify(v)).join(" or ")}, the only choice that is read,`,
    (v) => isEmpty(v) || allowed.includes(v as never),
  ),
  allowed[0],
];
const yes: Field = [aBoolean, false];

/** Keys of every type. */
const common: Fields = {
  peft_type: [aText, undefined],
  task_type: [aText0, null],
  auto_mapping: [anything, null],
  base_model_name_or_path: [aText0, null],
  revision: [aText0, null],
  peft_version: [aText0, null],
  inference_mode: [aBoolean, true],
  target_modules: [names, null],
  exclude_modules: [names, null],
  layers_to_transform: [indices, null],
  layers_pattern: [names, null],
  modules_to_save: [orNull(listOf(aText)), null],
};

const lora: Fields = {
  r: [aRank, 8],
  lora_alpha: [aNumber, 8],
  lora_dropout: [aShare, 0],
  alpha_pattern: [numbers, {}],
  use_rslora: yes,
  use_dora: yes,
  init_lora_weights: [expectation("true, false or a text", isFlagOrText), true],
  fan_in_fan_out: yes,
  bias: [oneOfTexts("none", "all", "lora_only"), "none"],
  lora_bias: yes,
  megatron_core: only(null, "megatron.core"),
  qalora_group_size: only(null, 16),
};

const lycoris: Fields = {
  r: [aRank, 8],
  alpha: [aNumber, 8],
  rank_dropout: [aShare, 0],
  module_dropout: [aShare, 0],
  use_effective_conv2d: yes,
  init_weights: [expectation("true, false or a text", isFlagOrText), true],
  rank_pattern: [ranks, {}],
  alpha_pattern: [numbers, {}],
};

const shared: Fields = {
  projection_prng_key: [aNumber, 0],
  save_projection: [aBoolean, true],
  init_weights: [expectation("true, false or a text", isFlagOrText), true],
  fan_in_fan_out: yes,
};

/** Keys that mean something, by type. */
export const FIELDS: Readonly<Record<PeftType, Fields>> = {
  LORA: { ...common, ...lora, rank_pattern: [ranks, {}] },
  ADALORA: {
    ...common,
    ...lora,
    use_rslora: only(false),
    use_dora: only(false),
    target_r: [aRank, 8],
    init_r: [aRank, 12],
    tinit: [aNumber, 0],
    tfinal: [aNumber, 0],
    deltaT: [aNumber, 1],
    beta1: [aNumber, 0.85],
    beta2: [aNumber, 0.85],
    orth_reg_weight: [aNumber, 0.5],
    total_step: [orNull(aNumber), null],
    rank_pattern: [orNull(byName(listOf(aBoolean))), null],
  },
  VERA: {
    ...common,
    ...shared,
    r: [aRank, 256],
    vera_dropout: [aShare, 0],
    d_initial: [aNumber, 0.1],
    bias: [oneOfTexts("none", "all", "vera_only"), "none"],
  },
  RANDLORA: {
    ...common,
    ...shared,
    r: [aRank, 32],
    randlora_alpha: [aNumber, 640],
    randlora_dropout: [aShare, 0],
    sparse: yes,
    very_sparse: yes,
    bias: [oneOfTexts("none", "all", "randlora_only"), "none"],
  },
  LOHA: { ...common, ...lycoris },
  LOKR: {
    ...common,
    ...lycoris,
    decompose_both: yes,
    decompose_factor: [expectation("-1 or a whole number ≥ 1", isFactor), -1],
    rank_dropout_scale: yes,
  },
};

/** Whether a value says nothing, as newer files write what an adapter does not use. */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function expectation(what: string, fits: (value: unknown) => boolean): Expectation<unknown> {
  return {
    what,
    fault: (v, path) => fits(v) ? undefined : `expected ${what} for "${path}", got ${brief(v)}`,
  };
}

function oneOfTexts(...texts: readonly string[]): Expectation<unknown> {
  return expectation(`one of ${texts.join(", ")}`, (v) => texts.includes(v as string));
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((v) => typeof v === "string");
}

function isFlagOrText(value: unknown): boolean {
  return typeof value === "boolean" || typeof value === "string";
}

function isFactor(value: unknown): boolean {
  return value === -1 || Number.isSafeInteger(value) && value as number >= 1;
}
