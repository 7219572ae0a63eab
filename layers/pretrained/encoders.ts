import { bert, type BertOptions } from "../networks/bert.ts";
import { deberta, type DebertaOptions } from "../networks/deberta.ts";
import type { Encoder } from "../networks/encoder.ts";
import { vit, type VitOptions } from "../networks/vit.ts";
import { activationName, ConfigReader } from "./config.ts";
import { type Place, type Pretrained, pretrainedFamilies, type PretrainedFamily } from "./types.ts";

/** Names of the parts of a block, theirs by ours. */
type BlockNames = Readonly<Record<string, string>>;

/** Of encoders of texts: what comes after the maps that make scores. */
const AFTER_SCORES: BlockNames = {
  "attention.output": "attention.output.dense",
  norm1: "attention.output.LayerNorm",
  "mlp.up": "intermediate.dense",
  "mlp.down": "output.dense",
  norm2: "output.LayerNorm",
};

/** Modules of a block in files of models, and as adapters beside newer versions call them. */
const VIT_IN_MEMORY = Object.entries({
  "attention.attention.query": "attention.q_proj",
  "attention.attention.key": "attention.k_proj",
  "attention.attention.value": "attention.v_proj",
  "attention.output.dense": "attention.o_proj",
  "intermediate.dense": "mlp.fc1",
  "output.dense": "mlp.fc2",
  "layernorm_before": "layernorm_before",
  "layernorm_after": "layernorm_after",
}).map(([file, memory]) => {
  const name = file.replaceAll(".", "\\.");
  const whole = new RegExp(`^vit\\.encoder\\.layer\\.(\\d+)\\.${name}\\b`);
  return [whole, `vit.layers.$1.${memory}`] as const;
});

/** ViT as `ViTForImageClassification` writes it. */
export const vitModels: PretrainedFamily = pretrainedFamilies.add({
  name: "vit",
  description: "vision transformers, classification of images",
  naming: { renamed: VIT_IN_MEMORY },
  read(config, matrices) {
    const c = new ConfigReader(config);
    const side = c.integer("image_size");
    return asVit({
      image: [side, side, c.integer("num_channels", 3)],
      patch: c.integer("patch_size"),
      classes: c.classes(),
      ...sizesIn(c),
      bias: c.boolean("qkv_bias", true),
      ...(matrices ? { matrices } : {}),
    });
  },
});

/** BERT as `BertForSequenceClassification` writes it. */
export const bertModels: PretrainedFamily = pretrainedFamilies.add({
  name: "bert",
  description: "BERT, classification of texts",
  read(config, matrices) {
    const c = new ConfigReader(config);
    c.only("is_decoder", false);
    c.only("add_cross_attention", false);
    c.only("position_embedding_type", "absolute");
    return asBert({
      vocabulary: c.integer("vocab_size"),
      context: c.integer("max_position_embeddings"),
      types: c.integer("type_vocab_size"),
      classes: c.classes(),
      ...sizesIn(c),
      ...(matrices ? { matrices } : {}),
    });
  },
});

/** DeBERTa-v2 and v3 as `DebertaV2ForSequenceClassification` writes them. */
export const debertaModels: PretrainedFamily = pretrainedFamilies.add({
  name: "deberta-v2",
  description: "DeBERTa-v2 and v3, classification of texts",
  read(config, matrices) {
    const c = new ConfigReader(config);
    const width = c.integer("hidden_size");
    c.only("relative_attention", true);
    c.only("position_biased_input", false);
    c.only("share_att_key", true);
    c.only("type_vocab_size", 0);
    c.only("norm_rel_ebd", "layer_norm");
    c.only("conv_kernel_size", 0);
    c.only("embedding_size", width);
    c.only("pooler_hidden_size", width);
    c.only("pooler_hidden_act", "gelu");
    c.words("pos_att_type", "c2p", "p2c");
    const reach = config.max_relative_positions;
    const set = typeof reach === "number" && reach >= 1;
    return asDeberta({
      vocabulary: c.integer("vocab_size"),
      classes: c.classes(),
      ...sizesIn(c),
      buckets: c.integer("position_buckets"),
      farthest: c.integer(set ? "max_relative_positions" : "max_position_embeddings"),
      ...(matrices ? { matrices } : {}),
    });
  },
});

/**
 * A vision transformer, and how files know it.
 *
 * @throws {RangeError} When files know no such network.
 *
 * @example Its name in files
 * ```ts
 * import { asVit } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { config } = asVit({ image: [8, 8, 3], patch: 4, classes: 2 });
 * assertEquals([config.model_type, config.image_size], ["vit", 8]);
 * ```
 */
export function asVit(options: VitOptions): Pretrained<Encoder> {
  const [height, width, channels] = options.image;
  if (height !== width) {
    throw new RangeError(
      `Cannot write a vision transformer: expected square images, got ${height}×${width}`,
    );
  }
  if (options.normalisation) {
    throw new RangeError(
      "Cannot write a vision transformer: expected images as they are, got a normalisation; " +
        "other libraries have that beside the model",
    );
  }
  const { patch, classes, blocks = 4, bias = true, heads = 4 } = options;
  const [map, norm] = [named(true), normed];
  return {
    network: vit(options),
    config: {
      architectures: ["ViTForImageClassification"],
      model_type: "vit",
      ...sizesOf({ ...options, width: options.width ?? 64, heads, blocks }),
      ...{ image_size: height, patch_size: patch, num_channels: channels, qkv_bias: bias },
      ...labels(classes),
    },
    places: [
      { theirs: "vit.embeddings.cls_token", ours: ["class"], leading: 2 },
      { theirs: "vit.embeddings.position_embeddings", ours: ["positions.weight"], leading: 1 },
      {
        theirs: "vit.embeddings.patch_embeddings.projection.weight",
        ours: ["patches.kernel"],
        layout: "kernel",
      },
      { theirs: "vit.embeddings.patch_embeddings.projection.bias", ours: ["patches.bias"] },
      ...blocksOf(blocks, "vit.encoder.layer", bias, {
        norm1: "layernorm_before",
        "attention.query": "attention.attention.query",
        "attention.key": "attention.attention.key",
        "attention.value": "attention.attention.value",
        "attention.output": "attention.output.dense",
        norm2: "layernorm_after",
        "mlp.up": "intermediate.dense",
        "mlp.down": "output.dense",
      }),
      ...norm("vit.layernorm", "norm"),
      ...map("classifier", "classifier"),
    ],
  };
}

/** A BERT, and how files know it. */
export function asBert(options: BertOptions): Pretrained<Encoder> {
  const { vocabulary, context, types = 2, classes, blocks } = options;
  const map = named(true);
  const table = (theirs: string, ours: string): Place => ({
    theirs: `bert.embeddings.${theirs}_embeddings.weight`,
    ours: [`${ours}.weight`],
  });
  return {
    network: bert(options),
    config: {
      architectures: ["BertForSequenceClassification"],
      model_type: "bert",
      ...sizesOf(options),
      ...{ vocab_size: vocabulary, max_position_embeddings: context, type_vocab_size: types },
      ...labels(classes),
    },
    places: [
      table("word", "tokens"),
      table("position", "positions"),
      table("token_type", "types"),
      ...normed("bert.embeddings.LayerNorm", "embedding.norm"),
      ...blocksOf(blocks, "bert.encoder.layer", true, {
        "attention.query": "attention.self.query",
        "attention.key": "attention.self.key",
        "attention.value": "attention.self.value",
        ...AFTER_SCORES,
      }),
      ...map("bert.pooler.dense", "pooler"),
      ...map("classifier", "classifier"),
    ],
    ignored: /(^|\.)position_ids$/,
  };
}

/** A DeBERTa, and how files know it. */
export function asDeberta(options: DebertaOptions): Pretrained<Encoder> {
  const { vocabulary, classes, width, blocks, buckets, farthest } = options;
  const map = named(true);
  return {
    network: deberta(options),
    config: {
      architectures: ["DebertaV2ForSequenceClassification"],
      model_type: "deberta-v2",
      ...sizesOf({ ...options, epsilon: options.epsilon ?? 1e-7 }),
      ...{ vocab_size: vocabulary, type_vocab_size: 0, max_position_embeddings: farthest },
      ...{ relative_attention: true, position_biased_input: false, share_att_key: true },
      ...{ pos_att_type: ["p2c", "c2p"], norm_rel_ebd: "layer_norm" },
      ...{ position_buckets: buckets, max_relative_positions: farthest },
      ...{ pooler_hidden_size: width, pooler_hidden_act: "gelu" },
      ...labels(classes),
    },
    places: [
      { theirs: "deberta.embeddings.word_embeddings.weight", ours: ["tokens.weight"] },
      ...normed("deberta.embeddings.LayerNorm", "embedding.norm"),
      { theirs: "deberta.encoder.rel_embeddings.weight", ours: ["distances.weight"] },
      ...normed("deberta.encoder.LayerNorm", "distances.norm"),
      ...blocksOf(blocks, "deberta.encoder.layer", true, {
        "attention.query": "attention.self.query_proj",
        "attention.key": "attention.self.key_proj",
        "attention.value": "attention.self.value_proj",
        ...AFTER_SCORES,
      }),
      ...map("pooler.dense", "pooler"),
      ...map("classifier", "classifier"),
    ],
    ignored: /(^|\.)position_ids$/,
  };
}

function sizesIn(c: ConfigReader) {
  return {
    width: c.integer("hidden_size"),
    heads: c.integer("num_attention_heads"),
    blocks: c.integer("num_hidden_layers"),
    inner: c.integer("intermediate_size"),
    activation: c.activation("hidden_act"),
    epsilon: c.number("layer_norm_eps"),
  };
}

/** The same fields; refuses attention that files do not know. */
function sizesOf(o: Pick<BertOptions, keyof ReturnType<typeof sizesIn> | "attention">) {
  if (o.attention && o.attention.name !== "mha") {
    throw new RangeError(
      `Cannot write the model: expected multi-head attention, got "${o.attention.name}"`,
    );
  }
  return {
    hidden_size: o.width,
    num_attention_heads: o.heads,
    num_hidden_layers: o.blocks,
    intermediate_size: o.inner ?? 4 * o.width,
    hidden_act: activationName(o.activation ?? "gelu"),
    layer_norm_eps: o.epsilon ?? 1e-12,
  };
}

function labels(classes: number) {
  const names = Array.from({ length: classes }, (_, i) => `LABEL_${i}`);
  return {
    id2label: Object.fromEntries(names.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
  };
}

function named(bias: boolean) {
  return (theirs: string, ours: string): Place[] => [
    { theirs: `${theirs}.weight`, ours: [`${ours}.weight`], layout: "turned" },
    ...(bias ? [{ theirs: `${theirs}.bias`, ours: [`${ours}.bias`] }] : []),
  ];
}

function normed(theirs: string, ours: string): Place[] {
  return [
    { theirs: `${theirs}.weight`, ours: [`${ours}.scale`] },
    { theirs: `${theirs}.bias`, ours: [`${ours}.shift`] },
  ];
}

function blocksOf(count: number, prefix: string, bias: boolean, names: BlockNames): Place[] {
  return Array.from({ length: count }, (_, i) =>
    Object.entries(names).flatMap(([own, other]) => {
      const [theirs, ours] = [`${prefix}.${i}.${other}`, `block${i + 1}.${own}`];
      if (own.startsWith("norm")) return normed(theirs, ours);
      return named(bias || !/\.(query|key|value)$/.test(own))(theirs, ours);
    })).flat();
}
