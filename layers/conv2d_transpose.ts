/**
 * Transposed convolutions, which enlarge images.
 *
 * @module
 */

import type { Layer } from "../core/mod.ts";
import { checkGroups, type ConvOptions } from "./conv2d.ts";
import { checkPositive, checkWindow, convGeometry, extentsOf, pairOf } from "./geometry.ts";
import { kaimingNormal } from "./initialisers.ts";
import { biasSpec, seenAs, weightSpec } from "./weights.ts";

/** Settings of {@linkcode conv2dTranspose}. */
export interface Conv2dTransposeOptions
  extends Omit<ConvOptions, "format" | "rank" | "minRank" | "maxRank"> {
  /** Height and width of the result; default: those of the input times the strides. */
  readonly extents?: readonly [number, number];
}

/**
 * y = act(xᵀ∗ W + b), the adjoint of a convolution that maps images of the result's extents to
 * those that come in; strides, padding and dilations are that convolution's. Its kernel,
 * height×width×(outputs/groups)×inputs, is dense.
 *
 * @throws {RangeError} When a size is not a positive integer or groups do not divide the channels.
 */
export function conv2dTranspose(options: Conv2dTransposeOptions): Layer {
  const { name, inputs, outputs, groups = 1, activation = "identity", bias = true } = options;
  const { initialiser = kaimingNormal, padding = "same" } = options;
  const size = pairOf(options.size);
  const strides = pairOf(options.strides ?? 1);
  checkPositive(name, { inputs, outputs });
  checkWindow(name, size, options);
  for (const extent of options.extents ?? []) checkPositive(name, { extent });
  checkGroups(options);
  const start = seenAs(initialiser, ([h, w, out, into]) => [h!, w!, into! / groups, out!]);
  const kernel = weightSpec(`${name}.kernel`, [...size, outputs / groups, inputs], start);
  const biases = bias ? [biasSpec(name, outputs)] : [];
  return {
    weights: [kernel, ...biases],
    forward(pass, x) {
      const [height, width] = extentsOf(name, x);
      const extents = options.extents ?? [height * strides[0], width * strides[1]] as const;
      const geometry = convGeometry(size, extents, { ...options, padding });
      const b = biases[0] ? pass.dense(biases[0].name) : null;
      const w = pass.dense(kernel.name);
      return pass.engine.conv2dTranspose(x, w, b, extents, geometry, activation);
    },
  };
}
