/**
 * Convolutions of each channel by itself.
 *
 * @module
 */

import type { Layer } from "../core/mod.ts";
import type { ConvOptions } from "./conv2d.ts";
import { checkPositive, checkWindow, convGeometry, extentsOf, pairOf } from "./geometry.ts";
import { kaimingNormal } from "./initialisers.ts";
import { biasSpec, seenAs, weightSpec } from "./weights.ts";

/** Settings of {@linkcode depthwiseConv2d}. */
export interface DepthwiseConv2dOptions
  extends Omit<ConvOptions, "outputs" | "groups" | "format" | "rank" | "minRank" | "maxRank"> {
  /** Kernels for each channel; default 1. */
  readonly multiplier?: number;
}

/**
 * y = act(x ∗ W + b) with `multiplier` kernels of its own for each channel; output channel
 * c · multiplier + j is the j-th one of input channel c. The kernel,
 * height×width×inputs×multiplier, is dense: a slice of it has one channel and no rank to reduce.
 *
 * @throws {RangeError} When a size is not a positive integer.
 */
export function depthwiseConv2d(options: DepthwiseConv2dOptions): Layer {
  const { name, inputs, multiplier = 1, activation = "identity", bias = true } = options;
  const { initialiser = kaimingNormal, padding = "same" } = options;
  const size = pairOf(options.size);
  checkPositive(name, { inputs, multiplier });
  checkWindow(name, size, options);
  const start = seenAs(initialiser, ([h, w, , m]) => [h!, w!, 1, m!]);
  const kernel = weightSpec(`${name}.kernel`, [...size, inputs, multiplier], start);
  const biases = bias ? [biasSpec(name, inputs * multiplier)] : [];
  return {
    weights: [kernel, ...biases],
    forward(pass, x) {
      const geometry = convGeometry(size, extentsOf(name, x), { ...options, padding });
      const b = biases[0] ? pass.dense(biases[0].name) : null;
      return pass.engine.depthwiseConv2d(x, pass.dense(kernel.name), b, geometry, activation);
    },
  };
}
