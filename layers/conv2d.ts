/**
 * Convolutions over kernels of any format.
 *
 * @module
 */

import type { Activation, Layer, WeightSpec } from "../core/mod.ts";
import {
  checkPositive,
  checkWindow,
  convGeometry,
  type ConvWindowOptions,
  extentsOf,
  outputExtents,
  type Pair,
  pairOf,
} from "./geometry.ts";
import { kaimingNormal } from "./initialisers.ts";
import { biasSpec, type WeightOptions, weightSpec } from "./weights.ts";

/** What every convolution is told. */
export interface ConvOptions extends ConvWindowOptions, WeightOptions {
  /** Name of the layer; its weights are `name.kernel` and `name.bias`. */
  readonly name: string;
  /** Channels of the input. */
  readonly inputs: number;
  /** Channels of the output. */
  readonly outputs: number;
  /** Height and width of the kernel. */
  readonly size: Pair;
  /** What follows the map; default "identity". */
  readonly activation?: Activation;
  /** Whether a bias is added; default true. */
  readonly bias?: boolean;
}

/**
 * Settings of {@linkcode conv2d}.
 *
 * @example A kernel in two groups, in full and in low rank
 * ```ts
 * import { conv2d, type Conv2dOptions, type ConvOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const options: ConvOptions = { name: "edges", inputs: 2, outputs: 4, size: [3, 1], bias: false };
 * const onImages: Conv2dOptions = { ...options, format: "low-rank", rank: 2, image: [8, 8] };
 * assertEquals([options, onImages].map((o) => conv2d(o).weights[0]!.shape), [[3, 1, 2, 4], [3, 1, 2, 4]]);
 * ```
 */
export interface Conv2dOptions extends ConvOptions {
  /**
   * Height and width of the images that come in, where they are known: factorised kernels choose
   * with them how to run. The layer takes images of any size.
   */
  readonly image?: readonly [number, number];
}

/**
 * y = act(x ∗ W + b) for images x, batch×height×width×inputs: one fused operation, W full or
 * factorised. Padding is "same" by default. The kernel is height×width×(inputs/groups)×outputs.
 *
 * @throws {RangeError} When a size is not a positive integer, groups do not divide the channels, or
 * a factorised kernel has groups.
 *
 * @example A kernel in Tucker format
 * ```ts
 * import { conv2d } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const options = { name: "edges", inputs: 3, outputs: 8, size: 3, format: "tucker", rank: 2 };
 * assertEquals(conv2d(options).weights[0]!.shape, [3, 3, 3, 8]);
 * ```
 */
export function conv2d(options: Conv2dOptions): Layer {
  const { name, activation = "identity", bias = true, padding = "same" } = options;
  const { inputs, outputs } = options;
  const size = pairOf(options.size);
  checkPositive(name, { inputs, outputs });
  checkWindow(name, size, options);
  checkGroups(options);
  const kernel = kernelSpec(options, size);
  const biases = bias ? [biasSpec(name, outputs)] : [];
  return {
    weights: [kernel, ...biases],
    forward(pass, x) {
      const geometry = convGeometry(size, extentsOf(name, x), { ...options, padding });
      return pass.conv2d(kernel.name, x, biases[0]?.name ?? null, geometry, activation);
    },
  };
}

/**
 * Refuses groups that do not fit.
 *
 * @throws {RangeError} When they do not divide the channels or the format has none.
 */
export function checkGroups({ name, inputs, outputs, groups = 1, format }: ConvOptions): void {
  if (inputs % groups !== 0 || outputs % groups !== 0) {
    throw new RangeError(
      `Cannot make layer "${name}": groups must divide the channels ${inputs} and ${outputs}, ` +
        `got ${groups}`,
    );
  }
  if (groups > 1 && format !== undefined && format !== "dense") {
    throw new RangeError(
      `Cannot make layer "${name}": kernels with groups are dense, got format "${format}"`,
    );
  }
}

function kernelSpec(options: Conv2dOptions, size: readonly [number, number]): WeightSpec {
  const { name, inputs, outputs, groups = 1, initialiser = kaimingNormal, image } = options;
  const spec = weightSpec(
    `${name}.kernel`,
    [...size, inputs / groups, outputs],
    initialiser,
    options,
  );
  if (!image) return spec;
  const { padding = "same" } = options;
  const [height, width] = outputExtents(size, image, { ...options, padding });
  return { ...spec, pixels: [image[0] * image[1], height * width] };
}
