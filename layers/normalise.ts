/**
 * Normalisation of the input by constants.
 *
 * @module
 */

import type { Layer } from "../core/mod.ts";

/**
 * Constants of {@linkcode normalise}, one number for each channel.
 *
 * @example Grey in the middle
 * ```ts
 * import type { NormaliseOptions } from "@rankflow/rankflow";
 * import { normalise } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * const options: NormaliseOptions = { mean: [0.5], deviation: [0.25] };
 * assertEquals(normalise(options).weights, []);
 * ```
 */
export interface NormaliseOptions {
  /** Subtracted. */
  readonly mean: readonly number[];
  /** Divided by. */
  readonly deviation: readonly number[];
}

/**
 * (x − mean) / deviation for every channel, the last axis. Part of the model, so that whoever
 * perturbs or exchanges images does so before it.
 *
 * @throws {RangeError} When the lengths differ or a deviation is not positive.
 */
export function normalise({ mean, deviation }: NormaliseOptions): Layer {
  const fits = mean.length === deviation.length && mean.every(Number.isFinite);
  if (!fits || !deviation.every((d) => d > 0 && d < Infinity)) {
    throw new RangeError(
      "Cannot normalise: expected as many positive deviations as means, " +
        `got [${mean}] and [${deviation}]`,
    );
  }
  const scale = Float32Array.from(deviation, (d) => 1 / d);
  const shift = Float32Array.from(mean, (m, i) => -m / deviation[i]!);
  return {
    weights: [],
    forward({ engine }, x) {
      const [a, b] = [scale, shift].map((v) => engine.tensor(v, [v.length]));
      return engine.affine(x, a!, b!, "identity");
    },
  };
}
