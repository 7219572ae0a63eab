import { sizeOf } from "../../core/mod.ts";
import { groupedQuery, multiHead } from "../attention/grouped.ts";
import type { AttentionKind } from "../attention/types.ts";
import { normalOf } from "../initialisers.ts";
import { gatedMlp } from "../mlp.ts";
import { rmsNorm } from "../rms_norm.ts";
import type { RotaryOptions } from "../rotary.ts";
import { preNormBlock, type SequenceLayer } from "../sequences.ts";
import { type WeightOptions, weightSpec } from "../weights.ts";
import { type LanguageModel, languageModel } from "./language_model.ts";

/** Settings of {@linkcode llama}. */
export interface LlamaOptions {
  /** Tokens that there are. */
  readonly vocabulary: number;
  /** Longest text that it can look at. */
  readonly context: number;
  /** Entries of a token. */
  readonly width: number;
  /** Entries between the maps of a perceptron; about 8/3 of the width has as many parameters as 4. */
  readonly inner: number;
  /** Blocks. */
  readonly blocks: number;
  /** Heads of queries. */
  readonly heads: number;
  /** Heads of keys and values; default as many. */
  readonly groups?: number;
  /** Kind of attention; default that of the groups. */
  readonly attention?: AttentionKind;
  /** Entries of a head; default width / heads. */
  readonly headSize?: number;
  /** Rotary positions. */
  readonly rotary?: RotaryOptions;
  /** Added to the mean squares of norms; default 1e-5. */
  readonly epsilon?: number;
  /** Whether the scores are products with the table of vectors itself; default false. */
  readonly tied?: boolean;
  /** Whether the maps of attention have biases; default false. */
  readonly attentionBias?: boolean;
  /** Whether those of the perceptron have; default false. */
  readonly mlpBias?: boolean;
  /** Standard deviation of all matrices at the start; default 0.02. */
  readonly deviation?: number;
  /** How the matrices of blocks are stored; default in full. */
  readonly matrices?: WeightOptions;
}

/**
 * Llama (Touvron et al., arXiv 2302.13971): pre-norm blocks with RMS norms, rotary positions, gated
 * perceptrons, and keys and values in groups.
 *
 * @throws {RangeError} When a setting makes no sense.
 */
export function llama(options: LlamaOptions): LanguageModel {
  const { vocabulary, context, width, blocks, tied = false } = options;
  const { epsilon = 1e-5, deviation = 0.02 } = options;
  const start = normalOf(deviation);
  const tokens = weightSpec("tokens.weight", [vocabulary, width], start);
  const scores = weightSpec("head.weight", [width, vocabulary], start);
  const norm = rmsNorm({ name: "norm", channels: width, epsilon });
  return languageModel({
    vocabulary,
    context,
    weights: [tokens, ...norm.weights, ...(tied ? [] : [scores])],
    blocks: Array.from({ length: blocks }, (_, i) => block(`block${i + 1}`, options)),
    embed: (pass, ids) =>
      pass.engine.reshape(pass.lookup(tokens.name, ids), [sizeOf(ids.shape), width]),
    head(pass, x) {
      const y = norm.forward(pass, x);
      return tied
        ? pass.linear(tokens.name, y, null, "identity", { transpose: true })
        : pass.linear(scores.name, y, null, "identity");
    },
  });
}

function block(name: string, options: LlamaOptions): SequenceLayer {
  const { width, heads, groups = heads, inner, epsilon = 1e-5, deviation = 0.02 } = options;
  const { attentionBias = false, mlpBias = false, matrices = {}, rotary = {} } = options;
  const { attention = groups === heads ? multiHead : groupedQuery.tuned!({ groups }) } = options;
  const initialiser = normalOf(deviation);
  const norm = (part: string) => rmsNorm({ name: `${name}.${part}`, channels: width, epsilon });
  return preNormBlock({
    norm1: norm("norm1"),
    attention: attention.create({
      ...{ name: `${name}.attention`, width, heads, causal: true, rotary, bias: attentionBias },
      ...{ matrices, initialiser },
      ...(options.headSize === undefined ? {} : { headSize: options.headSize }),
    }),
    norm2: norm("norm2"),
    mlp: gatedMlp({ ...matrices, initialiser, name: `${name}.mlp`, width, inner, bias: mlpBias }),
  });
}
