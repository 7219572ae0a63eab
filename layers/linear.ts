/**
 * The linear layer, over weights of any format.
 *
 * @module
 */

import type { Activation, Layer } from "../core/mod.ts";
import { activationSlope } from "./activate.ts";
import { checkPositive } from "./geometry.ts";
import { kaimingNormal } from "./initialisers.ts";
import { biasSpec, type WeightOptions, weightSpec } from "./weights.ts";

/**
 * Settings of {@linkcode linear}.
 *
 * @example No bias
 * ```ts
 * import { linear, type LinearOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const options: LinearOptions = { name: "map", inputs: 8, outputs: 4, bias: false };
 * assertEquals(linear(options).weights.map((w) => w.shape), [[8, 4]]);
 * ```
 */
export interface LinearOptions extends WeightOptions {
  /** Name of the layer; its weights are `name.weight` and `name.bias`. */
  readonly name: string;
  /** Number of inputs. */
  readonly inputs: number;
  /** Number of outputs. */
  readonly outputs: number;
  /** What follows the map; default "identity". */
  readonly activation?: Activation;
  /** Whether a bias is added; default true. */
  readonly bias?: boolean;
}

/**
 * y = act(x W + b) for x batch×inputs: one fused operation, W full or factorised.
 *
 * @throws {RangeError} When a size is not a positive integer.
 *
 * @example A map of rank 2 from 8 to 4
 * ```ts
 * import { linear } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { weights } = linear({ name: "a", inputs: 8, outputs: 4, format: "low-rank", rank: 2 });
 * assertEquals(weights.map((w) => [w.name, w.format]), [["a.weight", "low-rank"], ["a.bias", "dense"]]);
 * ```
 */
export function linear(options: LinearOptions): Layer {
  const { name, inputs, outputs, activation = "identity", bias = true } = options;
  checkPositive(name, { inputs, outputs });
  const { initialiser = kaimingNormal } = options;
  const weight = weightSpec(`${name}.weight`, [inputs, outputs], initialiser, options);
  const biases = bias ? [biasSpec(name, outputs)] : [];
  return {
    weights: [weight, ...biases],
    forward: (pass, x) => pass.linear(weight.name, x, biases[0]?.name ?? null, activation),
    linearise(pass, x) {
      const before = pass.linear(weight.name, x, biases[0]?.name ?? null, "identity");
      const y = activation === "identity" ? before : pass.engine.activate(before, activation);
      const slope = activationSlope(pass.engine, activation, before, y);
      return {
        y,
        pullback(cotangent) {
          const c = slope ? pass.engine.mul(cotangent, slope) : cotangent;
          return pass.linear(weight.name, c, null, "identity", { transpose: true });
        },
      };
    },
  };
}
