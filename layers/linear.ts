/**
 * The linear layer, over weights of any format.
 *
 * @module
 */

import type { Activation, Initialiser, Layer, WeightSpec } from "../core/mod.ts";
import { kaimingNormal, zeros } from "./initialisers.ts";

/** Settings of {@linkcode linear}. */
export interface LinearOptions {
  /** Name of the layer; its weights are `name.weight` and `name.bias`. */
  readonly name: string;
  /** Number of inputs. */
  readonly inputs: number;
  /** Number of outputs. */
  readonly outputs: number;
  /** Format of the weight: "dense" or "low-rank"; default "dense". */
  readonly format?: string;
  /** Rank at the start, for formats that have one; default: the run's largest. */
  readonly rank?: number;
  /** Lower bound of the rank; default: the run's. */
  readonly minRank?: number;
  /** Upper bound of the rank; default: the run's. */
  readonly maxRank?: number;
  /** What follows the map; default "identity". */
  readonly activation?: Activation;
  /** Whether a bias is added; default true. */
  readonly bias?: boolean;
  /** Start of the weight; default Kaiming normal. */
  readonly initialiser?: Initialiser;
}

/**
 * y = act(x W + b) for x batch×inputs: one fused operation, W full or factorised.
 *
 * @throws {RangeError} When a size is not a positive integer.
 */
export function linear(options: LinearOptions): Layer {
  const { name, inputs, outputs, activation = "identity", bias = true } = options;
  for (const [what, size] of Object.entries({ inputs, outputs })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(
        `Cannot make layer "${name}": ${what} must be a positive integer, got ${size}`,
      );
    }
  }
  const weight = weightSpec(options);
  const biasSpec = {
    name: `${name}.bias`,
    shape: [outputs],
    format: "dense",
    initialiser: zeros,
  };
  return {
    weights: bias ? [weight, biasSpec] : [weight],
    forward: (pass, x) => pass.linear(weight.name, x, bias ? biasSpec.name : null, activation),
  };
}

function weightSpec(options: LinearOptions): WeightSpec {
  const { name, inputs, outputs, rank, minRank, maxRank } = options;
  return {
    name: `${name}.weight`,
    shape: [inputs, outputs],
    format: options.format ?? "dense",
    initialiser: options.initialiser ?? kaimingNormal,
    ...(rank === undefined ? {} : { rank }),
    ...(minRank === undefined ? {} : { minRank }),
    ...(maxRank === undefined ? {} : { maxRank }),
  };
}
