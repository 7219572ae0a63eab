/**
 * What a family of networks is.
 *
 * @module
 */

import {
  checkNumber,
  type Initialiser,
  type Layer,
  Registry,
  type Tunable,
  weightFormats,
} from "../../core/mod.ts";
import type { NormaliseOptions } from "../normalise.ts";
import type { WeightOptions } from "../weights.ts";

/** Settings of a network; each family reads those that concern it. */
export interface NetworkOptions {
  /** Height, width and channels of the images. */
  readonly shape: readonly [number, number, number];
  /** Number of classes. */
  readonly classes: number;
  /**
   * Registry name of the format of all weights but the classifier's; default "dense". Matrices
   * have the format that this one names for them: "low-rank" beside "tucker".
   */
  readonly format?: string;
  /** Format of the classifier, whose smaller extent is the number of classes; default "dense". */
  readonly classifierFormat?: string;
  /** Rank at the start, for formats that have one; default: the run's largest. */
  readonly rank?: number;
  /** Lower bound of the ranks; default: the run's. */
  readonly minRank?: number;
  /** Upper bound of the ranks; default: the run's. */
  readonly maxRank?: number;
  /** Factor of all channel counts and hidden sizes; default 1. */
  readonly width?: number;
  /** Share of hidden entries that dropout sets to zero, where a family has dropout; default 0. */
  readonly dropout?: number;
  /** Constants by which the images are normalised; default: they are taken as they are. */
  readonly normalisation?: NormaliseOptions;
  /** Start of the weights; default Kaiming normal. */
  readonly initialiser?: Initialiser;
}

/**
 * A network that can be made for images of any kind: batch×(h w c) to logits.
 *
 * @example A family of one's own
 * ```ts
 * import { linear, type NetworkFamily, type NetworkOptions, networks } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const family: NetworkFamily = {
 *   name: "own-linear",
 *   description: "one linear map",
 *   create: ({ shape, classes, format = "dense", rank = 1 }: NetworkOptions) =>
 *     linear({ name: "map", inputs: shape[0] * shape[1] * shape[2], outputs: classes, format, rank }),
 * };
 * const network = networks.add(family).create({ shape: [2, 2, 1], classes: 3 });
 * assertEquals(network.weights[0]!.shape, [4, 3]);
 * ```
 */
export interface NetworkFamily extends Tunable<NetworkFamily> {
  /**
   * Makes the network.
   *
   * @throws {RangeError} When the images are too small for it or a setting makes no sense.
   */
  create(options: NetworkOptions): Layer;
}

/**
 * Networks by name.
 *
 * @example One by its name
 * ```ts
 * import { networks } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(networks.get("lenet-5").name, "lenet-5");
 * ```
 */
export const networks: Registry<NetworkFamily> = new Registry("network");

/** How the weights of a network are stored, by what they are. */
export interface NetworkFormats {
  /** For kernels. */
  readonly kernels: WeightOptions;
  /** For matrices within the network. */
  readonly matrices: WeightOptions;
  /** For the classifier. */
  readonly classifier: WeightOptions;
}

/** The formats and bounds that the options of a network mean. */
export function formatsOf(options: NetworkOptions): NetworkFormats {
  const { format = "dense", classifierFormat = "dense", rank, minRank, maxRank } = options;
  const common: WeightOptions = {
    ...(rank === undefined ? {} : { rank }),
    ...(minRank === undefined ? {} : { minRank }),
    ...(maxRank === undefined ? {} : { maxRank }),
    ...(options.initialiser ? { initialiser: options.initialiser } : {}),
  };
  return {
    kernels: { ...common, format },
    matrices: { ...common, format: weightFormats.get(format).matrices ?? format },
    classifier: { ...common, format: classifierFormat },
  };
}

/**
 * A channel count times the width factor, at least 1.
 *
 * @throws {RangeError} When the factor is not positive.
 */
export function scaled(count: number, { width = 1 }: NetworkOptions): number {
  checkNumber("make a network", "width", width, { above: 0 });
  return Math.max(1, Math.round(count * width));
}
