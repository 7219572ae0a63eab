/**
 * Declaring the weights of a layer.
 *
 * @module
 */

import { checkBounds, checkInteger, type Initialiser, type WeightSpec } from "../core/mod.ts";
import { zeros } from "./initialisers.ts";

/**
 * How a layer's weight is stored and where it starts.
 *
 * @example Two layers whose weights are stored the same way
 * ```ts
 * import { linear, type WeightOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const stored: WeightOptions = { format: "low-rank", rank: 4, maxRank: 8 };
 * const maps = ["first", "second"].map((name) => linear({ name, inputs: 16, outputs: 16, ...stored }));
 * assertEquals(maps.map((m) => m.weights[0]!.maxRank), [8, 8]);
 * ```
 */
export interface WeightOptions {
  /** Registry name of the weight's format; default "dense". */
  readonly format?: string;
  /** Rank at the start, for formats that have one; default: the run's largest. */
  readonly rank?: number;
  /** Lower bound of the rank; default: the run's. */
  readonly minRank?: number;
  /** Upper bound of the rank; default: the run's. */
  readonly maxRank?: number;
  /** Factor of the increment, for formats that adapt a base; default 1. */
  readonly scale?: number;
  /** Start of the weight; default Kaiming normal. */
  readonly initialiser?: Initialiser;
}

/**
 * The spec of a weight, without what was not said.
 *
 * @throws {RangeError} When a rank is not a positive integer, or the bounds cross.
 */
export function weightSpec(
  name: string,
  shape: readonly number[],
  initialiser: Initialiser,
  { format = "dense", rank, minRank, maxRank, scale }: WeightOptions = {},
): WeightSpec {
  const action = `declare weight "${name}"`;
  if (rank !== undefined) checkInteger(action, "rank", rank);
  checkBounds(action, ["minRank", "maxRank"], [minRank ?? 1, maxRank ?? Infinity]);
  return {
    name,
    shape,
    format,
    initialiser,
    ...(rank === undefined ? {} : { rank }),
    ...(minRank === undefined ? {} : { minRank }),
    ...(maxRank === undefined ? {} : { maxRank }),
    ...(scale === undefined ? {} : { scale }),
  };
}

/** The spec of a bias that starts at zero. */
export function biasSpec(layer: string, outputs: number): WeightSpec {
  return weightSpec(`${layer}.bias`, [outputs], zeros);
}

/**
 * An initialiser whose variance is that of another shape: where the extents that come into one
 * output are not all but the last.
 *
 * @param shapeOf The shape that has the right fans.
 */
export function seenAs(
  initialiser: Initialiser,
  shapeOf: (shape: readonly number[]) => readonly number[],
): Initialiser {
  const factor = (shape: readonly number[]): number =>
    Math.sqrt(initialiser.variance(shapeOf(shape)) / initialiser.variance(shape));
  return {
    ...initialiser,
    variance: (shape) => initialiser.variance(shapeOf(shape)),
    draw(random, shape) {
      const values = initialiser.draw(random, shape);
      const f = factor(shape);
      // An initialiser of zeros has no variance to scale by.
      return Number.isFinite(f) ? values.map((v) => f * v) : values;
    },
  };
}
