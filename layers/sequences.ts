/**
 * Layers over sequences of tokens. Tokens are rows, one sequence after the other, so that every
 * linear map is one product of matrices; what the rows mean is told beside them.
 *
 * @module
 */

import type { Layer, Pass, Tensor, WeightSpec } from "../core/mod.ts";
import type { AttentionMemory } from "./attention/memory.ts";

/** What rows of tokens mean. */
export interface Sequences {
  /** Sequences, B. */
  readonly batch: number;
  /** Tokens in each, T: there are B·T rows. */
  readonly tokens: number;
  /** B×T, 1 where a token may be looked at and 0 where it may not: padding. Default: all may. */
  readonly mask?: Tensor;
  /** What was seen before, when a text goes on token by token; default: nothing. */
  readonly memory?: AttentionMemory;
}

/**
 * A forward map over rows of tokens that knows which sequence and place they belong to.
 *
 * @example The middle of each text, of tokens that lie in rows
 * ```ts
 * import type { SequenceLayer, Sequences } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const doubled: SequenceLayer = {
 *   weights: [],
 *   forward: ({ engine }, x, { batch, tokens }: Sequences) =>
 *     engine.reshape(engine.scale(2, x), [batch * tokens, x.shape[1]!]),
 * };
 * const sequences: Sequences = { batch: 2, tokens: 3 };
 * assertEquals([doubled.weights.length, sequences.tokens], [0, 3]);
 * ```
 */
export interface SequenceLayer {
  /** The weights it needs. */
  readonly weights: readonly WeightSpec[];
  /**
   * The forward map.
   *
   * @param x (B·T)×width.
   */
  forward(pass: Pass, x: Tensor, sequences: Sequences): Tensor;
}

/** Settings of {@linkcode preNormBlock} and {@linkcode postNormBlock}. */
export interface BlockOptions {
  /** Normalisation of attention, over rows. */
  readonly norm1: Layer;
  /** What lets tokens see one another. */
  readonly attention: SequenceLayer;
  /** Normalisation of the perceptron, over rows. */
  readonly norm2: Layer;
  /** Perceptron for each token by itself. */
  readonly mlp: Layer;
  /** Applied to both before they are added; default: nothing. */
  readonly dropout?: readonly [Layer, Layer];
}

/** x ← x + attention(norm1(x)), then x ← x + mlp(norm2(x)): GPT-2, Llama, ViT. */
export function preNormBlock(o: BlockOptions): SequenceLayer {
  return {
    weights: weightsOf(o),
    forward(pass, x, sequences) {
      const { engine } = pass;
      const seen = o.attention.forward(pass, o.norm1.forward(pass, x), sequences);
      const between = engine.add(x, dropped(pass, seen, o.dropout?.[0]));
      const thought = o.mlp.forward(pass, o.norm2.forward(pass, between));
      return engine.add(between, dropped(pass, thought, o.dropout?.[1]));
    },
  };
}

/** x ← norm1(x + attention(x)), then x ← norm2(x + mlp(x)): BERT. */
export function postNormBlock(o: BlockOptions): SequenceLayer {
  return {
    weights: weightsOf(o),
    forward(pass, x, sequences) {
      const { engine } = pass;
      const seen = dropped(pass, o.attention.forward(pass, x, sequences), o.dropout?.[0]);
      const between = o.norm1.forward(pass, engine.add(x, seen));
      const thought = dropped(pass, o.mlp.forward(pass, between), o.dropout?.[1]);
      return o.norm2.forward(pass, engine.add(between, thought));
    },
  };
}

function weightsOf({ norm1, attention, norm2, mlp }: BlockOptions): WeightSpec[] {
  return [norm1, attention, norm2, mlp].flatMap((layer) => [...layer.weights]);
}

function dropped(pass: Pass, x: Tensor, dropout: Layer | undefined): Tensor {
  return dropout ? dropout.forward(pass, x) : x;
}
