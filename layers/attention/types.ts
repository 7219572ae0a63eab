/**
 * What a kind of attention is.
 *
 * @module
 */

import { type Initialiser, Registry, type Tunable } from "../../core/mod.ts";
import type { RotaryOptions } from "../rotary.ts";
import type { SequenceLayer } from "../sequences.ts";
import type { WeightOptions } from "../weights.ts";

/** What every kind of attention is told. */
export interface AttentionLayerOptions {
  /** Name of the layer; its maps are `name.query`, `name.key` and so on. */
  readonly name: string;
  /** Entries of a token, d. */
  readonly width: number;
  /** Heads, h. */
  readonly heads: number;
  /** Entries of a head, e; default d/h. */
  readonly headSize?: number;
  /** Whether tokens see only themselves and those before; default false. */
  readonly causal?: boolean;
  /** Rotary positions of queries and keys; default: none. */
  readonly rotary?: RotaryOptions;
  /** Whether the maps to queries, keys and values have biases; default false. */
  readonly bias?: boolean;
  /** Whether the map back has one; default: as `bias`. */
  readonly outputBias?: boolean;
  /**
   * Whether queries, keys and values come of one map, `name.joined`, as GPT-2 stores them; default
   * false. Adapters of such files stand on the whole map.
   */
  readonly joined?: boolean;
  /** How matrices are stored; default in full. */
  readonly matrices?: WeightOptions;
  /** Start of the maps to queries, keys and values; default Kaiming normal. */
  readonly initialiser?: Initialiser;
  /** Start of the map back, which writes to the residual stream; default: as the others. */
  readonly output?: Initialiser;
}

/** Attention as a layer. */
export interface AttentionLayer extends SequenceLayer {
  /** Numbers that {@linkcode AttentionMemory} keeps of a token. */
  readonly kept: number;
}

/**
 * A kind of attention.
 *
 * @example A layer of four heads
 * ```ts
 * import {
 *   type AttentionKind, type AttentionLayer, type AttentionLayerOptions, attentions,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const kind: AttentionKind = attentions.get("mha");
 * const options: AttentionLayerOptions = { name: "see", width: 16, heads: 4, causal: true };
 * const layer: AttentionLayer = kind.create(options);
 * assertEquals([layer.kept, layer.weights.length > 0], [32, true]);
 * ```
 */
export interface AttentionKind extends Tunable<AttentionKind> {
  /**
   * Makes the layer.
   *
   * @throws {RangeError} When a setting makes no sense.
   */
  create(options: AttentionLayerOptions): AttentionLayer;
}

/**
 * Kinds of attention by name.
 *
 * @example One by its name, with settings
 * ```ts
 * import { attentions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const gqa = attentions.get("gqa").tuned!({ groups: 2 });
 * const layer = gqa.create({ name: "attention", width: 16, heads: 4 });
 * assertEquals(layer.kept, 2 * 2 * 4);
 * ```
 */
export const attentions: Registry<AttentionKind> = new Registry("kind of attention");
