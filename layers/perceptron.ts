/**
 * Fully connected networks.
 *
 * @module
 */

import type { Activation, Initialiser, Layer } from "../core/mod.ts";
import { linear } from "./linear.ts";
import { sequential } from "./sequential.ts";

/**
 * Settings of {@linkcode perceptron}.
 *
 * @example A hidden layer that bends smoothly
 * ```ts
 * import { perceptron, type PerceptronOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const options: PerceptronOptions = { sizes: [2, 16, 1], activation: "tanh" };
 * assertEquals(perceptron(options).weights.length, 4);
 * ```
 */
export interface PerceptronOptions {
  /** Sizes from the input to the logits, such as [784, 500, 500, 10]. */
  readonly sizes: readonly number[];
  /** Format of all weights but the last, which stays dense; default "dense". */
  readonly format?: string;
  /** Rank at the start, for formats that have one. */
  readonly rank?: number;
  /** What follows every map but the last; default "relu". */
  readonly activation?: Activation;
  /** Start of the weights; default Kaiming normal. */
  readonly initialiser?: Initialiser;
}

/**
 * A multilayer perceptron that maps batch×sizes[0] to logits.
 *
 * The classification layer is dense whatever the format, as in the publications: its smaller
 * dimension is the number of classes.
 *
 * @throws {RangeError} When fewer than two sizes are given.
 *
 * @example Two hidden layers in low rank
 * ```ts
 * import { perceptron } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { weights } = perceptron({ sizes: [784, 500, 500, 10], format: "low-rank", rank: 32 });
 * assertEquals(weights.filter((w) => w.format === "low-rank").length, 2);
 * ```
 */
export function perceptron(options: PerceptronOptions): Layer {
  const { sizes, format = "dense", rank, activation = "relu", initialiser } = options;
  if (sizes.length < 2) {
    throw new RangeError(`Cannot make a perceptron: at least 2 sizes are needed, got ${sizes}`);
  }
  const last = sizes.length - 2;
  return sequential(
    sizes.slice(0, -1).map((inputs, i) =>
      linear({
        name: i === last ? "classifier" : `dense${i + 1}`,
        inputs,
        outputs: sizes[i + 1]!,
        format: i === last ? "dense" : format,
        activation: i === last ? "identity" : activation,
        ...(rank === undefined ? {} : { rank }),
        ...(initialiser === undefined ? {} : { initialiser }),
      })
    ),
  );
}
