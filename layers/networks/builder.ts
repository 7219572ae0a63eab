/**
 * Writing networks down layer by layer, while keeping track of the extents between them.
 *
 * @module
 */

import type { Layer } from "../../core/mod.ts";
import { batchNorm } from "../batch_norm.ts";
import { conv2d, type Conv2dOptions } from "../conv2d.ts";
import { dropout } from "../dropout.ts";
import { outputExtents, type Pair, pairOf } from "../geometry.ts";
import { linear, type LinearOptions } from "../linear.ts";
import { normalise } from "../normalise.ts";
import { globalAveragePool, maxPool } from "../pooling.ts";
import { flatten, toImages } from "../reshape.ts";
import { sequential } from "../sequential.ts";
import { formatsOf, type NetworkFormats, type NetworkOptions } from "./types.ts";

/** Height, width and channels at a place in a network. */
export type Extents = readonly [number, number, number];

/** A convolution in a network: what it is told beside its place. */
export type ConvChoice = Omit<Conv2dOptions, "inputs" | "image" | "initialiser">;

/** Layers in the order of use, and what leaves the last one. */
export class NetworkBuilder {
  /** How weights are stored. */
  readonly formats: NetworkFormats;
  readonly #layers: Layer[] = [];
  #shape: Extents;

  /** Begins with rows of pixels, seen as images and normalised where the options say so. */
  constructor(options: NetworkOptions) {
    this.formats = formatsOf(options);
    this.#shape = options.shape;
    this.#layers.push(toImages(options.shape));
    if (options.normalisation) this.#layers.push(normalise(options.normalisation));
  }

  /** Height, width and channels of what leaves the last layer. */
  get shape(): Extents {
    return this.#shape;
  }

  /** Numbers in what leaves the last layer, for one image. */
  get size(): number {
    return this.#shape[0] * this.#shape[1] * this.#shape[2];
  }

  /** Adds a layer that leaves images of that shape; default: of the shape that came in. */
  add(layer: Layer, shape: Extents = this.#shape): this {
    if (shape.some((n) => n < 1)) {
      throw new RangeError(
        `Cannot make the network: images of ${this.#shape.join("×")} are too small for its layers`,
      );
    }
    this.#layers.push(layer);
    this.#shape = shape;
    return this;
  }

  /** A convolution with a bias. */
  conv(choice: ConvChoice): this {
    return this.add(convAt(this, this.#shape, choice), shapeAfter(this.#shape, choice));
  }

  /** A convolution without bias, then batch normalisation `name.norm`, then the activation. */
  normedConv(choice: ConvChoice): this {
    return this.add(normedConvAt(this, this.#shape, choice), shapeAfter(this.#shape, choice));
  }

  /** Largest entries of windows side by side. */
  pool(size: Pair): this {
    const window = pairOf(size);
    const [height, width] = outputExtents(window, [this.#shape[0], this.#shape[1]], {
      strides: size,
      padding: "valid",
    });
    return this.add(maxPool({ size }), [height, width, this.#shape[2]]);
  }

  /** Mean of each channel. */
  average(): this {
    return this.add(globalAveragePool(), [1, 1, this.#shape[2]]);
  }

  /** Images as rows. */
  flat(): this {
    return this.add(flatten(), [1, 1, this.size]);
  }

  /** Dropout, where the rate is not zero. */
  drop(name: string, rate: number | undefined): this {
    return rate ? this.add(dropout({ name, rate })) : this;
  }

  /** A hidden linear map. */
  dense(choice: Omit<LinearOptions, "inputs">): this {
    const options = { ...this.formats.matrices, ...choice, inputs: this.size };
    return this.add(linear(options), [1, 1, choice.outputs]);
  }

  /** The linear map to the logits, and the whole network. */
  classify(classes: number): Layer {
    const inputs = this.size;
    const last = linear({
      ...this.formats.classifier,
      name: "classifier",
      inputs,
      outputs: classes,
    });
    return sequential([...this.#layers, last]);
  }
}

/** A convolution of images of that shape. */
export function convAt(
  { formats }: Pick<NetworkBuilder, "formats">,
  [height, width, inputs]: Extents,
  choice: ConvChoice,
): Layer {
  return conv2d({ ...formats.kernels, ...choice, inputs, image: [height, width] });
}

/** A convolution without bias, batch normalisation and the activation. */
export function normedConvAt(
  builder: Pick<NetworkBuilder, "formats">,
  shape: Extents,
  choice: ConvChoice,
): Layer {
  const { name, outputs: channels, activation = "identity" } = choice;
  return sequential([
    convAt(builder, shape, { ...choice, bias: false, activation: "identity" }),
    batchNorm({ name: `${name}.norm`, channels, activation }),
  ]);
}

/** Shape after a convolution; its padding is "same" unless it says otherwise. */
export function shapeAfter([height, width]: Extents, choice: ConvChoice): Extents {
  const { padding = "same" } = choice;
  const extents = outputExtents(pairOf(choice.size), [height, width], { ...choice, padding });
  return [...extents, choice.outputs];
}
