import type { LanguageModel } from "../networks/language_model.ts";
import { llama, type LlamaOptions } from "../networks/llama.ts";
import { ConfigReader, rotaryConfig } from "./config.ts";
import { type Place, type Pretrained, pretrainedFamilies, type PretrainedFamily } from "./types.ts";

/** Llama as `LlamaForCausalLM` writes it, with the rotary positions of newer and older files. */
export const llamaFamily: PretrainedFamily = pretrainedFamilies.add({
  name: "llama",
  description: "Llama, language models",
  read(config, matrices) {
    const c = new ConfigReader(config);
    c.only("hidden_act", "silu", "swish");
    c.only("pretraining_tp", 1);
    const [width, heads] = [c.integer("hidden_size"), c.integer("num_attention_heads")];
    return asLlama({
      vocabulary: c.integer("vocab_size"),
      context: c.integer("max_position_embeddings"),
      ...{ width, heads },
      inner: c.integer("intermediate_size"),
      blocks: c.integer("num_hidden_layers"),
      groups: c.integer("num_key_value_heads", heads),
      headSize: c.integer("head_dim", width / heads),
      rotary: c.rotary(),
      epsilon: c.number("rms_norm_eps"),
      tied: c.boolean("tie_word_embeddings", false),
      attentionBias: c.boolean("attention_bias", false),
      mlpBias: c.boolean("mlp_bias", false),
      ...(matrices ? { matrices } : {}),
    });
  },
});

/**
 * A Llama, and how files know it.
 *
 * @throws {RangeError} When files know no such network: other attention, or pairs side by side.
 */
export function asLlama(options: LlamaOptions): Pretrained<LanguageModel> {
  const { width, heads, groups = heads, rotary = {}, tied = false } = options;
  if (options.attention && !["mha", "gqa", "mqa"].includes(options.attention.name)) {
    throw new RangeError(
      `Cannot write a Llama: expected attention with heads of keys, got "${options.attention.name}"`,
    );
  }
  if (rotary.pairing === "interleaved") {
    throw new RangeError("Cannot write a Llama: expected pairs half-split, got interleaved");
  }
  return {
    network: llama(options),
    config: {
      architectures: ["LlamaForCausalLM"],
      model_type: "llama",
      attention_bias: options.attentionBias ?? false,
      head_dim: options.headSize ?? width / heads,
      hidden_act: "silu",
      hidden_size: width,
      intermediate_size: options.inner,
      max_position_embeddings: options.context,
      mlp_bias: options.mlpBias ?? false,
      num_attention_heads: heads,
      num_hidden_layers: options.blocks,
      num_key_value_heads: groups,
      rms_norm_eps: options.epsilon ?? 1e-5,
      rope_parameters: rotaryConfig(rotary),
      tie_word_embeddings: tied,
      vocab_size: options.vocabulary,
    },
    places: placesOf(options),
    ...(tied ? { ignored: /^lm_head\.weight$/ } : {}),
  };
}

function placesOf({ blocks, tied, attentionBias = false, mlpBias = false }: LlamaOptions): Place[] {
  const map = (theirs: string, ours: string, bias: boolean): Place[] => [
    { theirs: `${theirs}.weight`, ours: [`${ours}.weight`], layout: "turned" },
    ...(bias ? [{ theirs: `${theirs}.bias`, ours: [`${ours}.bias`] }] : []),
  ];
  const norm = (theirs: string, ours: string): Place => ({
    theirs: `${theirs}.weight`,
    ours: [`${ours}.scale`],
  });
  const block = (i: number): Place[] => {
    const [theirs, ours] = [`model.layers.${i}`, `block${i + 1}`];
    const heads = { q: "query", k: "key", v: "value", o: "output" };
    return [
      norm(`${theirs}.input_layernorm`, `${ours}.norm1`),
      ...Object.entries(heads).flatMap(([letter, part]) =>
        map(`${theirs}.self_attn.${letter}_proj`, `${ours}.attention.${part}`, attentionBias)
      ),
      norm(`${theirs}.post_attention_layernorm`, `${ours}.norm2`),
      ...["gate", "up", "down"].flatMap((part) =>
        map(`${theirs}.mlp.${part}_proj`, `${ours}.mlp.${part}`, mlpBias)
      ),
    ];
  };
  return [
    { theirs: "model.embed_tokens.weight", ours: ["tokens.weight"] },
    ...Array.from({ length: blocks }, (_, i) => block(i)).flat(),
    norm("model.norm", "norm"),
    ...(tied ? [] : map("lm_head", "head", false)),
  ];
}
