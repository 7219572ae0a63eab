/**
 * Dropout.
 *
 * @module
 */

import { checkNumber, type Layer, type Random } from "../core/mod.ts";

/**
 * Settings of {@linkcode dropout}.
 *
 * @example A tenth is left out
 * ```ts
 * import { dropout, type DropoutOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const options: DropoutOptions = { name: "drop", rate: 0.1 };
 * assertEquals(dropout(options).weights, []);
 * ```
 */
export interface DropoutOptions {
  /** Name of the layer: layers of different names draw different masks. */
  readonly name: string;
  /** Share of the entries that are set to zero while training, in [0, 1). */
  readonly rate: number;
}

/**
 * Sets entries to zero at random while training and scales the rest by 1/(1 − rate); does nothing
 * otherwise (Srivastava et al., JMLR 2014). Every evaluation of one training step draws the same
 * mask.
 *
 * @throws {RangeError} When the rate is outside [0, 1).
 *
 * @example No weights
 * ```ts
 * import { dropout } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(dropout({ name: "drop", rate: 0.1 }).weights, []);
 * ```
 */
export function dropout({ name, rate }: DropoutOptions): Layer {
  checkNumber(`make layer "${name}"`, "rate", rate, { least: 0, below: 1 });
  return {
    weights: [],
    forward(pass, x) {
      if (!pass.training || rate === 0) return x;
      const { engine } = pass;
      return engine.mul(x, engine.tensor(maskOf(pass.random(name), x.size, rate), x.shape));
    },
  };
}

function maskOf(random: Random, size: number, rate: number): Float32Array {
  const mask = new Float32Array(size);
  const kept = 1 / (1 - rate);
  const threshold = rate * 2 ** 32;
  for (let i = 0; i < size; i++) if (random.bits() >= threshold) mask[i] = kept;
  return mask;
}
