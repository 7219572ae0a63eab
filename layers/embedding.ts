/**
 * Vectors of tokens.
 *
 * @module
 */

import type { Layer } from "../core/mod.ts";
import { checkPositive } from "./geometry.ts";
import { glorotNormal } from "./initialisers.ts";
import { type WeightOptions, weightSpec } from "./weights.ts";

/**
 * Settings of {@linkcode embedding}.
 *
 * @example A table in low rank
 * ```ts
 * import { embedding, type EmbeddingOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const table: EmbeddingOptions = { name: "tokens", vocabulary: 50, size: 8, format: "low-rank", rank: 2 };
 * assertEquals(embedding(table).weights.map((w) => w.rank), [2]);
 * ```
 */
export interface EmbeddingOptions extends WeightOptions {
  /** Name of the layer; its weight is `name.weight`. */
  readonly name: string;
  /** Tokens that there are. */
  readonly vocabulary: number;
  /** Length of a vector. */
  readonly size: number;
}

/**
 * A vector for each token: int32 ids of any shape, batch first, to (all of them)×size.
 *
 * It is the linear map of one-hot rows, so the weight, vocabulary×size, may have any format.
 *
 * @throws {RangeError} When a size is not a positive integer.
 *
 * @example A vector for each of 50 tokens
 * ```ts
 * import { embedding } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { weights } = embedding({ name: "tokens", vocabulary: 50, size: 8 });
 * assertEquals(weights.map((w) => w.shape), [[50, 8]]);
 * ```
 */
export function embedding(options: EmbeddingOptions): Layer {
  const { name, vocabulary, size, initialiser = glorotNormal } = options;
  checkPositive(name, { vocabulary, size });
  const weight = weightSpec(`${name}.weight`, [vocabulary, size], initialiser, options);
  return {
    weights: [weight],
    forward: (pass, ids) => pass.lookup(weight.name, pass.engine.reshape(ids, [ids.size])),
  };
}
