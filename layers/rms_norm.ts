/**
 * Normalisation by the root mean square.
 *
 * @module
 */

import { checkNumber, type Layer } from "../core/mod.ts";
import { checkPositive } from "./geometry.ts";
import { ones } from "./initialisers.ts";
import { weightSpec } from "./weights.ts";

/** Settings of {@linkcode rmsNorm}. */
export interface RmsNormOptions {
  /** Name of the layer; its weight is `name.scale`. */
  readonly name: string;
  /** Extent of the last axis. */
  readonly channels: number;
  /** Added to the mean square; default 1e-5. */
  readonly epsilon?: number;
}

/**
 * y = scale x / √(mean(x²) + ε) with the mean over the last axis (Zhang, Sennrich, NeurIPS 2019).
 *
 * @throws {RangeError} When the channels are no positive integer, or ε is not positive.
 *
 * @example Its weight
 * ```ts
 * import { rmsNorm } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(rmsNorm({ name: "norm", channels: 4 }).weights.map((w) => w.name), ["norm.scale"]);
 * ```
 */
export function rmsNorm({ name, channels, epsilon = 1e-5 }: RmsNormOptions): Layer {
  checkPositive(name, { channels });
  checkNumber(`make layer "${name}"`, "epsilon", epsilon, { above: 0 });
  const scale = weightSpec(`${name}.scale`, [channels], ones);
  return {
    weights: [scale],
    forward: (pass, x) => pass.engine.rmsNorm(x, pass.dense(scale.name), epsilon),
  };
}
