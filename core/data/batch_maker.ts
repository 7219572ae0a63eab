/**
 * The batches of every epoch of a run, as a pure function of the seed: whoever makes them, on
 * whichever thread, and from whichever batch on, makes the same ones.
 *
 * @module
 */

import { Random } from "../random.ts";
import {
  type Augmentation,
  augmentationOf,
  type AugmentationStep,
  type ImageContext,
} from "./augmentation.ts";
import {
  type BatchArrays,
  batchArrays,
  batchCount,
  checkBatchSize,
  type Column,
  entriesOf,
  epochOrder,
  type Examples,
  fillBatch,
} from "./examples.ts";
import { channelStatistics } from "./images.ts";

/**
 * Random changes of the images in a column.
 *
 * @example Steps as they are written on the command line
 * ```ts
 * import type { AugmentationStep, ImageAugmentation } from "@rankflow/rankflow";
 * import { parseAugmentation } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const steps: readonly AugmentationStep[] = parseAugmentation("pad-crop:border=2,flip");
 * const augmentation: ImageAugmentation = { column: "x", shape: [32, 32, 3], steps };
 * assertEquals(augmentation.steps.map((step) => step.name), ["pad-crop", "flip"]);
 * ```
 */
export interface ImageAugmentation {
  /** The column, bytes that mean brightness. */
  readonly column: string;
  /** Height, width and channels of an image. */
  readonly shape: readonly [number, number, number];
  /** The changes, in their order. */
  readonly steps: readonly AugmentationStep[];
}

/** What decides the batches; it can be sent to another thread. */
export interface BatchPlan {
  /** What there is. */
  readonly examples: Examples;
  /** Seed of the order and of the augmentation. */
  readonly seed: number;
  /** Examples per batch. A last batch that is not full is left out. */
  readonly size: number;
  /** Numbers of the examples to use; default: all. */
  readonly subset?: Uint32Array;
  /** Changes of images; default: none. */
  readonly augmentation?: ImageAugmentation;
  /** First of the places in each batch that are made, and the one after the last; default: all. */
  readonly places?: readonly [number, number];
}

/** First of the places that are made, and how many there are. */
export function madePlaces(
  { size, places = [0, size] }: Pick<BatchPlan, "size" | "places">,
): { readonly first: number; readonly count: number } {
  return { first: places[0], count: places[1] - places[0] };
}

/** Makes the batches of a plan. */
export class BatchMaker {
  /** Batches in an epoch. */
  readonly perEpoch: number;
  /** Examples in a batch. */
  readonly size: number;
  readonly #plan: BatchPlan;
  readonly #changed: ChangedImages | undefined;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array(0);

  /**
   * Prepares for a plan.
   *
   * @throws {RangeError} When the size of a batch is not a positive integer, or an augmentation is
   * unknown.
   */
  constructor(plan: BatchPlan) {
    checkBatchSize(plan.size);
    this.#plan = plan;
    this.size = plan.size;
    this.perEpoch = batchCount(plan.subset?.length ?? plan.examples.count, plan.size, true);
    const { augmentation } = plan;
    if (augmentation && augmentation.steps.length > 0) {
      this.#changed = new ChangedImages(plan, augmentation);
    }
  }

  /** New arrays with room for a batch. */
  arrays(): BatchArrays {
    return batchArrays(this.#plan.examples, madePlaces(this.#plan).count);
  }

  /**
   * Makes one batch.
   *
   * @param epoch Number of the epoch, from 0.
   * @param index Number of the batch in it, from 0.
   * @param into Receives the columns.
   */
  fill(epoch: number, index: number, into: BatchArrays): void {
    const { examples, size } = this.#plan;
    const { first, count } = madePlaces(this.#plan);
    const begin = index * size + first;
    const chosen = this.#orderOf(epoch).subarray(begin, begin + count);
    fillBatch(examples, chosen, into);
    this.#changed?.fill(epoch, chosen, into);
  }

  #orderOf(epoch: number): Uint32Array {
    if (epoch !== this.#epoch) {
      const { examples, seed, subset } = this.#plan;
      const order = epochOrder(subset?.length ?? examples.count, seed, epoch);
      this.#order = subset ? order.map((i) => subset[i]!) : order;
      this.#epoch = epoch;
    }
    return this.#order;
  }
}

/** The images of a batch, each changed in a way of its own. */
class ChangedImages {
  readonly #name: string;
  readonly #steps: readonly Augmentation[];
  readonly #column: Column;
  readonly #pixels: number;
  readonly #context: ImageContext;
  readonly #random: Random;
  /** The images of the batch under way, as bytes. */
  readonly #bytes: Uint8Array;

  constructor({ examples, seed, size }: BatchPlan, augmentation: ImageAugmentation) {
    const { column: name, shape, steps } = augmentation;
    const column = examples.columns[name];
    if (!(column?.data instanceof Uint8Array) || column.bytes !== "brightness") {
      throw new RangeError(`Cannot augment column "${name}": expected bytes that mean brightness`);
    }
    this.#name = name;
    this.#steps = steps.map(augmentationOf);
    this.#column = column;
    this.#pixels = entriesOf(column);
    this.#random = new Random(seed).fork("augmentation");
    const { mean } = channelStatistics({ images: column.data }, shape[2]);
    this.#context = { shape, mean: Uint8Array.from(mean, (m) => Math.round(255 * m)) };
    this.#bytes = new Uint8Array(size * this.#pixels);
  }

  fill(epoch: number, chosen: Uint32Array, into: BatchArrays): void {
    const random = this.#random.fork(epoch);
    chosen.forEach((example, place) => this.#change(example, place, random.fork(example)));
    const changed = { ...this.#column, data: this.#bytes };
    const images = { count: chosen.length, columns: { [this.#name]: changed } };
    fillBatch(images, Uint32Array.from(chosen.keys()), { [this.#name]: into[this.#name]! });
  }

  /** Copies an image to a place in the batch and changes it. */
  #change(example: number, place: number, random: Random): void {
    const image = this.#bytes.subarray(place * this.#pixels, (place + 1) * this.#pixels);
    const start = example * this.#pixels;
    image.set(this.#column.data.subarray(start, start + this.#pixels));
    for (const step of this.#steps) step.apply(image, this.#context, random);
  }
}
