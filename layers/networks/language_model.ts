/**
 * Language models: a table of vectors, blocks that look back, and scores of the next token.
 *
 * @module
 */

import type { Layer, Pass, Tensor, WeightSpec } from "../../core/mod.ts";
import type { AttentionMemory } from "../attention/memory.ts";
import type { SequenceLayer, Sequences } from "../sequences.ts";

/** What a language model consists of. */
export interface LanguageModelParts {
  /** Tokens that there are. */
  readonly vocabulary: number;
  /** Longest text that it can look at. */
  readonly context: number;
  /** Weights of the parts that are not blocks. */
  readonly weights: readonly WeightSpec[];
  /**
   * Vectors of tokens, and of their places where those are learnt.
   *
   * @param ids B×T, int32.
   * @returns (B·T)×width.
   */
  embed(pass: Pass, ids: Tensor, sequences: Sequences): Tensor;
  /** The blocks, in order. */
  readonly blocks: readonly SequenceLayer[];
  /** Scores of each token of the vocabulary, (B·T)×vocabulary, of what leaves the last block. */
  head(pass: Pass, x: Tensor): Tensor;
}

/**
 * A network from tokens, B×T int32, to scores of the next one after each, B×T×vocabulary.
 *
 * @example A language model and its parts
 * ```ts
 * import { gpt, type LanguageModel, type LanguageModelParts } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const model: LanguageModel = gpt({ vocabulary: 50, context: 16, width: 16, heads: 2, blocks: 1 });
 * const { vocabulary, context, blocks }: LanguageModelParts = model.parts;
 * assertEquals([vocabulary, context, blocks.length], [50, 16, 1]);
 * ```
 */
export interface LanguageModel extends Layer {
  /** What it consists of. */
  readonly parts: LanguageModelParts;
  /**
   * Goes on with texts.
   *
   * @param ids B×T: what follows the tokens in the memory.
   * @param memory What earlier calls have left; it is added to.
   * @returns Scores of the token after the last one, B×vocabulary.
   * @throws {RangeError} When the texts get longer than the context.
   */
  advance(pass: Pass, ids: Tensor, memory: AttentionMemory): Tensor;
}

/** Whether a network is a language model. */
export function isLanguageModel(network: Layer): network is LanguageModel {
  return "advance" in network && "parts" in network;
}

/** A network of these parts. */
export function languageModel(parts: LanguageModelParts): LanguageModel {
  const { context, blocks, vocabulary } = parts;
  const through = (pass: Pass, ids: Tensor, sequences: Sequences): Tensor => {
    const length = sequences.tokens + (sequences.memory?.length ?? 0);
    if (length > context) {
      throw new RangeError(
        `Cannot look at ${length} tokens: expected at most ${context}, the context of the model`,
      );
    }
    const start = parts.embed(pass, ids, sequences);
    return blocks.reduce((x, block) => block.forward(pass, x, sequences), start);
  };
  return {
    parts,
    weights: [...parts.weights, ...blocks.flatMap((block) => [...block.weights])],
    forward(pass, ids) {
      const [batch, tokens] = requireTokens(ids);
      const scores = parts.head(pass, through(pass, ids, { batch, tokens }));
      return pass.engine.reshape(scores, [batch, tokens, vocabulary]);
    },
    advance(pass, ids, memory) {
      const { engine } = pass;
      const [batch, tokens] = requireTokens(ids);
      const x = through(pass, ids, { batch, tokens, memory });
      memory.advance(tokens);
      const width = x.shape[1]!;
      const places = engine.reshape(x, [batch, tokens, width]);
      const last = engine.slice(places, [0, tokens - 1, 0], [batch, 1, width]);
      return parts.head(pass, engine.reshape(last, [batch, width]));
    },
  };
}

/** Batch and tokens of ids. */
export function requireTokens({ shape, dtype }: Tensor): readonly [number, number] {
  if (shape.length === 2 && dtype === "int32") return [shape[0]!, shape[1]!];
  throw new RangeError(
    `Cannot read tokens: expected int32 ids, batch×tokens, got ${dtype} of shape [${shape}]`,
  );
}
