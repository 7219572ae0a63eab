import { type Pass, sizeOf, type Tensor } from "../../core/mod.ts";
import { multiHead } from "../attention/grouped.ts";
import type { AttentionKind } from "../attention/types.ts";
import { layerNorm } from "../group_norm.ts";
import { normalOf } from "../initialisers.ts";
import { linear } from "../linear.ts";
import { mlp, type MlpActivation } from "../mlp.ts";
import { postNormBlock, type SequenceLayer } from "../sequences.ts";
import { type WeightOptions, weightSpec } from "../weights.ts";
import { type Encoder, encoder, firstTokens } from "./encoder.ts";
import { withPlaces } from "./gpt.ts";
import { requireTokens } from "./language_model.ts";

/** Settings of {@linkcode bert}. */
export interface BertOptions {
  /** Tokens that there are. */
  readonly vocabulary: number;
  /** Longest text that it can look at. */
  readonly context: number;
  /** Kinds of tokens, such as those of a first and a second text; default 2. */
  readonly types?: number;
  /** Number of classes. */
  readonly classes: number;
  /** Entries of a token. */
  readonly width: number;
  /** Heads. */
  readonly heads: number;
  /** Blocks. */
  readonly blocks: number;
  /** Entries between the maps of a perceptron; default 4 times the width. */
  readonly inner?: number;
  /** Kind of attention; default "mha". */
  readonly attention?: AttentionKind;
  /** What follows the first map of a perceptron; default "gelu". */
  readonly activation?: MlpActivation;
  /** Added to the variances of norms; default 1e-12. */
  readonly epsilon?: number;
  /** Standard deviation of all matrices at the start; default 0.02. */
  readonly deviation?: number;
  /** How the matrices of blocks are stored; default in full. */
  readonly matrices?: WeightOptions;
}

/**
 * BERT for classification (Devlin et al., NAACL 2019): post-norm blocks in which all tokens see all
 * that the mask does not hide, and classes from the first one.
 *
 * @returns A network from ids, B×T int32, with a mask and kinds of tokens (both B×T, both may be left
 * out) to logits.
 * @throws {RangeError} When a setting makes no sense.
 */
export function bert(options: BertOptions): Encoder {
  const { vocabulary, context, types = 2, classes, width, blocks, epsilon = 1e-12 } = options;
  const start = normalOf(options.deviation ?? 0.02);
  const table = (name: string, rows: number) => weightSpec(`${name}.weight`, [rows, width], start);
  const [tokens, places, kinds] = [
    table("tokens", vocabulary),
    table("positions", context),
    table("types", types),
  ];
  const norm = layerNorm({ name: "embedding.norm", channels: width, epsilon });
  const map = { initialiser: start, inputs: width };
  const pooler = linear({ ...map, name: "pooler", outputs: width, activation: "tanh" });
  const logits = linear({ ...map, name: "classifier", outputs: classes });
  const vectors = (pass: Pass, weight: string, ids: Tensor): Tensor =>
    pass.engine.reshape(pass.lookup(weight, ids), [sizeOf(ids.shape), width]);
  return encoder({
    input: { vocabulary, context },
    weights: [
      ...[tokens, places, kinds],
      ...[norm, pooler, logits].flatMap((layer) => [...layer.weights]),
    ],
    blocks: Array.from({ length: blocks }, (_, i) => encoderBlock(`block${i + 1}`, options)),
    embed(pass, ids, mask, kind) {
      const { engine } = pass;
      const [batch, length] = requireTokens(ids);
      const sequences = { batch, tokens: length, ...(mask ? { mask } : {}) };
      const first = kind ?? engine.tensor(new Int32Array(ids.size), ids.shape);
      const sum = engine.add(vectors(pass, tokens.name, ids), vectors(pass, kinds.name, first));
      const placed = withPlaces(pass, sum, pass.dense(places.name), sequences);
      return { x: norm.forward(pass, placed), sequences };
    },
    head: (pass, x, sequences) =>
      logits.forward(pass, pooler.forward(pass, firstTokens(pass, x, sequences))),
  });
}

/** A post-norm block with biases. */
export function encoderBlock(
  name: string,
  options: Omit<BertOptions, "vocabulary" | "context" | "types" | "classes" | "blocks">,
): SequenceLayer {
  const { width, heads, attention = multiHead, activation = "gelu", epsilon = 1e-12 } = options;
  const { matrices = {}, deviation = 0.02 } = options;
  const initialiser = normalOf(deviation);
  const norm = (part: string) => layerNorm({ name: `${name}.${part}`, channels: width, epsilon });
  return postNormBlock({
    norm1: norm("norm1"),
    attention: attention.create({
      ...{ name: `${name}.attention`, width, heads, bias: true, matrices, initialiser },
    }),
    norm2: norm("norm2"),
    mlp: mlp({
      ...{ ...matrices, initialiser, name: `${name}.mlp`, width, activation },
      ...(options.inner === undefined ? {} : { inner: options.inner }),
    }),
  });
}
