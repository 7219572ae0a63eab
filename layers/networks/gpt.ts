import { type Pass, sizeOf, type Tensor } from "../../core/mod.ts";
import { multiHead } from "../attention/grouped.ts";
import type { AttentionKind } from "../attention/types.ts";
import { dropout } from "../dropout.ts";
import { layerNorm } from "../group_norm.ts";
import { normalOf } from "../initialisers.ts";
import { mlp, type MlpActivation } from "../mlp.ts";
import type { RotaryOptions } from "../rotary.ts";
import { preNormBlock, type SequenceLayer, type Sequences } from "../sequences.ts";
import { type WeightOptions, weightSpec } from "../weights.ts";
import { type LanguageModel, languageModel } from "./language_model.ts";

/**
 * Settings of {@linkcode gpt}.
 *
 * @example Positions by rotation, matrices in low rank
 * ```ts
 * import { gpt, type GptOptions } from "@rankflow/rankflow";
 * import { assertGreater } from "@std/assert";
 *
 * const options: GptOptions = {
 *   ...{ vocabulary: 50, context: 16, width: 16, heads: 2, blocks: 1 },
 *   ...{ positions: {}, matrices: { format: "low-rank", rank: 4 } },
 * };
 * assertGreater(gpt(options).weights.filter((w) => w.format === "low-rank").length, 3);
 * ```
 */
export interface GptOptions {
  /** Tokens that there are. */
  readonly vocabulary: number;
  /** Longest text that it can look at. */
  readonly context: number;
  /** Entries of a token; default 128. */
  readonly width?: number;
  /** Heads; default 4. */
  readonly heads?: number;
  /** Blocks; default 4. */
  readonly blocks?: number;
  /** Entries between the maps of a perceptron; default 4 times the width. */
  readonly inner?: number;
  /** Kind of attention; default "mha". */
  readonly attention?: AttentionKind;
  /** Places: a table of vectors, rotary, or what the mask gives away; default "learned". */
  readonly positions?: "learned" | "none" | RotaryOptions;
  /** Whether maps and norms add something, too; default true. */
  readonly bias?: boolean;
  /** What follows the first map of a perceptron; default "gelu-tanh". */
  readonly activation?: MlpActivation;
  /** Added to the variances of norms; default 1e-5. */
  readonly epsilon?: number;
  /** Whether the scores are products with the table of vectors itself; default true. */
  readonly tied?: boolean;
  /** Share of entries that dropout sets to zero; default 0. */
  readonly dropout?: number;
  /** Standard deviation of all weights at the start; default 0.02. */
  readonly deviation?: number;
  /** Whether queries, keys and values come of one map; default false. */
  readonly joined?: boolean;
  /** How the matrices of blocks are stored; default in full. */
  readonly matrices?: WeightOptions;
}

/**
 * GPT-2 (Radford et al., 2019): pre-norm blocks, of which the maps that write to the residual stream
 * start smaller by √(2 blocks), and scores by the table of the vectors.
 *
 * @throws {RangeError} When a setting makes no sense.
 *
 * @example From bytes to scores
 * ```ts
 * import { gpt } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { weights } = gpt({ vocabulary: 256, context: 16, width: 8, heads: 2, blocks: 1 });
 * assertEquals(weights[0]!.name, "tokens.weight");
 * assertEquals(weights[0]!.shape, [256, 8]);
 * ```
 */
export function gpt(options: GptOptions): LanguageModel {
  const { vocabulary, context, width = 128, blocks = 4, bias = true, tied = true } = options;
  const { epsilon = 1e-5, deviation = 0.02, positions = "learned" } = options;
  const start = normalOf(deviation);
  const tokens = weightSpec("tokens.weight", [vocabulary, width], start);
  const places = weightSpec("positions.weight", [context, width], start);
  const scores = weightSpec("head.weight", [width, vocabulary], start);
  const norm = layerNorm({ name: "norm", channels: width, shift: bias, epsilon });
  const drop = dropout({ name: "embedding.dropout", rate: options.dropout ?? 0 });
  return languageModel({
    vocabulary,
    context,
    weights: [
      tokens,
      ...(positions === "learned" ? [places] : []),
      ...norm.weights,
      ...(tied ? [] : [scores]),
    ],
    blocks: Array.from({ length: blocks }, (_, i) => block(`block${i + 1}`, options)),
    embed(pass, ids, sequences) {
      const { engine } = pass;
      const rows = engine.reshape(pass.lookup(tokens.name, ids), [sizeOf(ids.shape), width]);
      if (positions !== "learned") return drop.forward(pass, rows);
      return drop.forward(pass, withPlaces(pass, rows, pass.dense(places.name), sequences));
    },
    head(pass, x) {
      const y = norm.forward(pass, x);
      return tied
        ? pass.linear(tokens.name, y, null, "identity", { transpose: true })
        : pass.linear(scores.name, y, null, "identity");
    },
  });
}

/** Tokens with the vectors of their places added. */
export function withPlaces(
  { engine }: Pass,
  rows: Tensor,
  table: Tensor,
  { batch, tokens, memory }: Sequences,
): Tensor {
  const width = table.shape[1]!;
  const places = engine.slice(table, [memory?.length ?? 0, 0], [tokens, width]);
  const sum = engine.add(engine.reshape(rows, [batch, tokens, width]), places);
  return engine.reshape(sum, [batch * tokens, width]);
}

function block(name: string, options: GptOptions): SequenceLayer {
  const { width = 128, heads = 4, blocks = 4, bias = true, deviation = 0.02 } = options;
  const { attention = multiHead, positions, epsilon = 1e-5, matrices = {} } = options;
  const initialiser = normalOf(deviation);
  const output = normalOf(deviation / Math.sqrt(2 * blocks));
  const norm = (part: string) =>
    layerNorm({ name: `${name}.${part}`, channels: width, shift: bias, epsilon });
  const drop = (part: string) =>
    dropout({ name: `${name}.${part}.dropout`, rate: options.dropout ?? 0 });
  return preNormBlock({
    norm1: norm("norm1"),
    attention: attention.create({
      ...{ name: `${name}.attention`, width, heads, causal: true, bias },
      ...{ matrices, initialiser, output, joined: options.joined ?? false },
      ...(typeof positions === "object" ? { rotary: positions } : {}),
    }),
    norm2: norm("norm2"),
    mlp: mlp({
      ...{ ...matrices, initialiser, output, name: `${name}.mlp`, width, bias },
      ...(options.inner === undefined ? {} : { inner: options.inner }),
      ...(options.activation ? { activation: options.activation } : {}),
    }),
    dropout: [drop("attention"), drop("mlp")],
  });
}
