/**
 * Encoders: networks whose tokens all see one another, and one of which is classified.
 *
 * @module
 */

import type { Layer, Pass, Tensor, WeightSpec } from "../../core/mod.ts";
import type { SequenceLayer, Sequences } from "../sequences.ts";

/** Rows of tokens, and what they mean. */
export interface Embedded {
  /** (B·T)×width. */
  readonly x: Tensor;
  /** Which sequence and place they belong to. */
  readonly sequences: Sequences;
}

/** What an encoder reads: images, height×width×channels, or texts. */
export type EncoderInput =
  | { readonly image: readonly [number, number, number] }
  | {
    /** Tokens that there are. */
    readonly vocabulary: number;
    /** Longest text that it can tell the places in. */
    readonly context: number;
  };

/** What an encoder consists of. */
export interface EncoderParts {
  /** What it reads. */
  readonly input: EncoderInput;
  /** Weights of the parts that are not blocks. */
  readonly weights: readonly WeightSpec[];
  /** From inputs to tokens. */
  embed(pass: Pass, ...inputs: Tensor[]): Embedded;
  /** The blocks, in order. */
  readonly blocks: readonly SequenceLayer[];
  /** Logits, B×classes, of what leaves the last block. */
  head(pass: Pass, x: Tensor, sequences: Sequences): Tensor;
}

/**
 * A network from images or texts to logits, B×classes.
 *
 * @example Parts of a vision transformer
 * ```ts
 * import {
 *   type Embedded, type Encoder, type EncoderInput, type EncoderParts, type Sequences, vit,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const network: Encoder = vit({ image: [8, 8, 1], patch: 4, classes: 2, blocks: 3 });
 * const parts: EncoderParts = network.parts;
 * const input: EncoderInput = parts.input;
 * assertEquals(input, { image: [8, 8, 1] });
 * const told: (keyof Embedded | keyof Sequences)[] = ["x", "sequences", "batch", "tokens"];
 * assertEquals([parts.blocks.length, told.length], [3, 4]);
 * ```
 */
export interface Encoder extends Layer {
  /** What it consists of. */
  readonly parts: EncoderParts;
}

/** Whether a network is an encoder. */
export function isEncoder(network: Layer): network is Encoder {
  return "parts" in network && "input" in (network.parts as object);
}

/** A network of these parts. */
export function encoder(parts: EncoderParts): Encoder {
  return {
    parts,
    weights: [...parts.weights, ...parts.blocks.flatMap((block) => [...block.weights])],
    forward(pass, ...inputs) {
      const { x, sequences } = parts.embed(pass, ...inputs);
      const last = parts.blocks.reduce((y, block) => block.forward(pass, y, sequences), x);
      return parts.head(pass, last, sequences);
    },
  };
}

/** The first token of each sequence, B×width. */
export function firstTokens({ engine }: Pass, x: Tensor, { batch, tokens }: Sequences): Tensor {
  const width = x.shape[1]!;
  const places = engine.reshape(x, [batch, tokens, width]);
  return engine.reshape(engine.slice(places, [0, 0, 0], [batch, 1, width]), [batch, width]);
}
