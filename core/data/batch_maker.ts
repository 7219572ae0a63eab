/**
 * The batches of every epoch of a run, as a pure function of the seed: whoever makes them, on
 * whichever thread, and from whichever batch on, makes the same ones.
 *
 * @module
 */

import { Random } from "../random.ts";
import { augmentations, type AugmentationStep, type ImageContext } from "./augmentation.ts";
import { batchCount, channelStatistics, epochOrder, fillBatch } from "./batches.ts";
import type { Split } from "./dataset.ts";

/** What decides the batches; it can be sent to another thread. */
export interface BatchPlan {
  /** The images. */
  readonly split: Split;
  /** Height, width and channels of an image. */
  readonly shape: readonly [number, number, number];
  /** Seed of the order and of the augmentation. */
  readonly seed: number;
  /** Images per batch. A last batch that is not full is left out. */
  readonly size: number;
  /** Changes of the images, in their order. */
  readonly augmentation: readonly AugmentationStep[];
}

/** Makes the batches of a plan. */
export class BatchMaker {
  /** Batches in an epoch. */
  readonly perEpoch: number;
  readonly #plan: BatchPlan;
  readonly #pixels: number;
  readonly #context: ImageContext;
  readonly #random: Random;
  /** The images of the batch under way, as bytes. */
  readonly #bytes: Uint8Array;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array(0);

  /**
   * Prepares for a plan.
   *
   * @throws {RangeError} When the size of a batch is not a positive integer, or an augmentation is
   * unknown.
   */
  constructor(plan: BatchPlan) {
    const { split, shape, seed, size, augmentation } = plan;
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`Cannot make batches of ${size} images: expected a positive integer`);
    }
    for (const { name } of augmentation) augmentations.get(name);
    this.#plan = plan;
    this.perEpoch = batchCount(split.count, size, true);
    this.#pixels = shape.reduce((n, d) => n * d, 1);
    this.#bytes = new Uint8Array(size * this.#pixels);
    this.#random = new Random(seed).fork("augmentation");
    this.#context = { shape, mean: meanColour(plan) };
  }

  /** Numbers of pixel values and of labels in a batch. */
  get lengths(): readonly [images: number, labels: number] {
    return [this.#bytes.length, this.#plan.size];
  }

  /**
   * Makes one batch.
   *
   * @param epoch Number of the epoch, from 0.
   * @param index Number of the batch in it, from 0.
   * @param images Receives the pixels in [0, 1], b×h×w×c.
   * @param labels Receives the classes, b.
   */
  fill(epoch: number, index: number, images: Float32Array, labels: Int32Array): void {
    const { split, size } = this.#plan;
    const chosen = this.#orderOf(epoch).subarray(index * size, (index + 1) * size);
    if (this.#plan.augmentation.length === 0) return fillBatch(split, chosen, images, labels);
    const random = this.#random.fork(epoch);
    chosen.forEach((example, i) => this.#copy(example, i, random.fork(example)));
    const batch = {
      count: size,
      images: this.#bytes,
      labels: Uint8Array.from(chosen, (example) => split.labels[example]!),
    };
    fillBatch(batch, [...chosen.keys()], images, labels);
  }

  /** Copies an image to a place in the batch and changes it. */
  #copy(example: number, place: number, random: Random): void {
    const image = this.#bytes.subarray(place * this.#pixels, (place + 1) * this.#pixels);
    const start = example * this.#pixels;
    image.set(this.#plan.split.images.subarray(start, start + this.#pixels));
    for (const { name, amount } of this.#plan.augmentation) {
      augmentations.get(name).apply(image, amount, this.#context, random);
    }
  }

  #orderOf(epoch: number): Uint32Array {
    if (epoch !== this.#epoch) {
      this.#order = epochOrder(this.#plan.split.count, this.#plan.seed, epoch);
      this.#epoch = epoch;
    }
    return this.#order;
  }
}

/** Counting all pixels takes a moment, so only plans that may need the mean have it. */
function meanColour({ split, shape, augmentation }: BatchPlan): Uint8Array {
  if (augmentation.length === 0) return new Uint8Array(shape[2]);
  const { mean } = channelStatistics(split, shape[2]);
  return Uint8Array.from(mean, (m) => Math.round(255 * m));
}
