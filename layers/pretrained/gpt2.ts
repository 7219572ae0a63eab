import { gpt, type GptOptions } from "../networks/gpt.ts";
import type { LanguageModel } from "../networks/language_model.ts";
import { activationName, ConfigReader } from "./config.ts";
import { type Place, type Pretrained, pretrainedFamilies, type PretrainedFamily } from "./types.ts";

/** GPT-2 as `GPT2LMHeadModel` writes it: matrices inputs×outputs, queries, keys and values in one. */
export const gpt2: PretrainedFamily = pretrainedFamilies.add({
  name: "gpt2",
  description: "GPT-2, language models",
  naming: {
    turned: true,
    // Some files leave out what stands before the names in memory.
    renamed: [[/^(?=h\.\d+\.|wte\b|wpe\b|ln_f\b)/, "transformer."]],
  },
  read(config, matrices, joined = false) {
    const c = new ConfigReader(config);
    c.only("add_cross_attention", false);
    c.only("scale_attn_weights", true);
    c.only("scale_attn_by_inverse_layer_idx", false);
    return gptAsGpt2({
      vocabulary: c.integer("vocab_size"),
      context: c.integer("n_positions"),
      width: c.integer("n_embd"),
      heads: c.integer("n_head"),
      blocks: c.integer("n_layer"),
      activation: c.activation("activation_function"),
      epsilon: c.number("layer_norm_epsilon"),
      tied: c.boolean("tie_word_embeddings", true),
      ...(c.has("n_inner") ? { inner: c.integer("n_inner") } : {}),
      ...(matrices ? { matrices } : {}),
      joined,
    });
  },
});

/**
 * A GPT, and how files know it.
 *
 * @throws {RangeError} When GPT-2 has no such network: other attention, rotary positions, no biases.
 *
 * @example Its name in files
 * ```ts
 * import { gptAsGpt2 } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { config } = gptAsGpt2({ vocabulary: 256, context: 16 });
 * assertEquals([config.model_type, config.n_embd], ["gpt2", 128]);
 * ```
 */
export function gptAsGpt2(options: GptOptions): Pretrained<LanguageModel> {
  const { vocabulary, context, width = 128, heads = 4, blocks = 4, tied = true } = options;
  const { attention, positions = "learned", bias = true } = options;
  const odd = attention && attention.name !== "mha"
    ? `attention "${attention.name}"`
    : positions !== "learned"
    ? "other positions"
    : bias
    ? undefined
    : "no biases";
  if (odd !== undefined) {
    throw new RangeError(
      `Cannot write a GPT as "gpt2": expected multi-head attention, learned positions and biases, ` +
        `got ${odd}`,
    );
  }
  return {
    network: gpt(options),
    config: {
      architectures: ["GPT2LMHeadModel"],
      model_type: "gpt2",
      activation_function: activationName(options.activation ?? "gelu-tanh"),
      layer_norm_epsilon: options.epsilon ?? 1e-5,
      ...{ n_embd: width, n_head: heads, n_layer: blocks, n_positions: context },
      n_inner: options.inner ?? null,
      tie_word_embeddings: tied,
      vocab_size: vocabulary,
    },
    places: placesOf(blocks, tied, options.joined),
    ignored: /(^|\.)attn\.(masked_)?bias$|^lm_head\.weight$/,
    alias: (theirs) => theirs.replace(/^transformer\./, ""),
  };
}

function placesOf(blocks: number, tied: boolean, joined = false): Place[] {
  const one = (theirs: string, ...ours: string[]): Place => ({ theirs, ours });
  const norm = (theirs: string, ours: string): Place[] => [
    one(`${theirs}.weight`, `${ours}.scale`),
    one(`${theirs}.bias`, `${ours}.shift`),
  ];
  const map = (theirs: string, ...ours: string[]): Place[] =>
    ["weight", "bias"].map((part) =>
      one(`${theirs}.${part}`, ...ours.map((name) => `${name}.${part}`))
    );
  const block = (i: number): Place[] => {
    const [theirs, ours] = [`transformer.h.${i}`, `block${i + 1}`];
    const parts = joined ? ["joined"] : ["query", "key", "value"];
    const heads = parts.map((part) => `${ours}.attention.${part}`);
    return [
      ...norm(`${theirs}.ln_1`, `${ours}.norm1`),
      ...map(`${theirs}.attn.c_attn`, ...heads),
      ...map(`${theirs}.attn.c_proj`, `${ours}.attention.output`),
      ...norm(`${theirs}.ln_2`, `${ours}.norm2`),
      ...map(`${theirs}.mlp.c_fc`, `${ours}.mlp.up`),
      ...map(`${theirs}.mlp.c_proj`, `${ours}.mlp.down`),
    ];
  };
  return [
    one("transformer.wte.weight", "tokens.weight"),
    one("transformer.wpe.weight", "positions.weight"),
    ...Array.from({ length: blocks }, (_, i) => block(i)).flat(),
    ...norm("transformer.ln_f", "norm"),
    ...(tied
      ? []
      : [{ theirs: "lm_head.weight", ours: ["head.weight"], layout: "turned" } as const]),
  ];
}
