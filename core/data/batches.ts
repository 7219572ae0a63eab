/**
 * From a split to batches of floats: order, normalisation, hold-out.
 *
 * @module
 */

import { checkInteger } from "../checks.ts";
import { Random } from "../random.ts";
import type { Normalisation, Split } from "./dataset.ts";

/** Some images, ready to upload. The arrays are reused: the next batch overwrites them. */
export interface ImageBatch {
  /** Number of this batch in its epoch, from 0. */
  readonly index: number;
  /** Images in this batch b. */
  readonly count: number;
  /** Normalised pixels, b×h×w×c, row-major. */
  readonly images: Float32Array;
  /** Classes, b. */
  readonly labels: Int32Array;
}

/** Options of {@linkcode batches}. */
export interface BatchesOptions {
  /** Number of the batch to begin with, for a resumed epoch; default 0. */
  readonly first?: number;
  /** Leave out the last batch where it is not full; default false. */
  readonly dropLast?: boolean;
  /** Normalisation beyond the division by 255; default none. */
  readonly normalisation?: Normalisation;
}

/**
 * The order in which an epoch visits the images: a pure function of its arguments, so that a
 * resumed run sees what an uninterrupted one sees.
 *
 * @param count Number of images n.
 * @param seed Seed of the run.
 * @param epoch Number of the epoch, from 0.
 * @returns The integers 0 … n − 1 in random order (Fisher-Yates).
 */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  return new Random(seed).fork("epoch-order").fork(epoch).permutation(count);
}

/** Number of batches that {@linkcode batches} makes of `count` images. */
export function batchCount(count: number, size: number, dropLast = false): number {
  checkInteger("make batches", "their size", size);
  return dropLast ? Math.floor(count / size) : Math.ceil(count / size);
}

/**
 * Walks through a split in batches.
 *
 * @param split The images.
 * @param order Numbers of the images to visit, as from {@linkcode epochOrder}.
 * @param size Images per batch; the last batch may be smaller.
 * @throws {RangeError} When the size is not a positive integer.
 *
 * @example Two batches of three images
 * ```ts
 * import { batches, epochOrder } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const split = { count: 3, images: Uint8Array.of(0, 51, 255), labels: Uint8Array.of(0, 1, 2) };
 * const sizes = [...batches(split, epochOrder(3, 1, 0), 2)].map((batch) => batch.count);
 * assertEquals(sizes, [2, 1]);
 * ```
 */
export function* batches(
  split: Split,
  order: Uint32Array,
  size: number,
  options: BatchesOptions = {},
): Generator<ImageBatch> {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`Cannot make batches of ${size} images: expected a positive integer`);
  }
  const pixels = imageSize(split);
  const images = new Float32Array(size * pixels);
  const labels = new Int32Array(size);
  const end = batchCount(order.length, size, options.dropLast);
  for (let index = options.first ?? 0; index < end; index++) {
    const chosen = order.subarray(index * size, (index + 1) * size);
    const count = chosen.length;
    const batch = {
      index,
      count,
      images: images.subarray(0, count * pixels),
      labels: labels.subarray(0, count),
    };
    fillBatch(split, chosen, batch.images, batch.labels, options.normalisation);
    yield batch;
  }
}

/**
 * Copies images and labels into arrays of a batch, as floats.
 *
 * @param split Where from.
 * @param indices Numbers of the images, b.
 * @param images Receives pixel / 255, normalised where asked for, b×h×w×c.
 * @param labels Receives the classes, b.
 * @param normalisation Shift and scale per channel.
 * @throws {RangeError} When an index, the length of an array or the normalisation does not fit.
 */
export function fillBatch(
  split: Split,
  indices: ArrayLike<number>,
  images: Float32Array,
  labels: Int32Array,
  normalisation?: Normalisation,
): void {
  const size = imageSize(split);
  checkLength("pixel values", images.length, indices.length * size);
  checkLength("labels", labels.length, indices.length);
  const tables = brightnessTables(size, normalisation);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    const label = split.labels[index];
    if (label === undefined) {
      throw new RangeError(
        `Cannot fill a batch: expected image numbers below ${split.count}, got ${index}`,
      );
    }
    labels[i] = label;
    const source = split.images.subarray(index * size, (index + 1) * size);
    const target = images.subarray(i * size, (i + 1) * size);
    if (tables.length === 1) copyGrey(source, target, tables[0]!);
    else copyChannels(source, target, tables);
  }
}

/**
 * Mean and standard deviation of each channel over a whole split.
 *
 * @param split The images.
 * @param channels Number of channels c.
 * @returns In units of full brightness; a constant channel gets deviation 1.
 */
export function channelStatistics(split: Split, channels: number): Normalisation {
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  split.images.forEach((value, i) => counts[i % channels]![value]!++);
  const mean = counts.map((c) => moment(c, (value) => value));
  const deviation = counts.map((c, k) => Math.sqrt(moment(c, (v) => (v - mean[k]!) ** 2)) || 1);
  return { mean, deviation };
}

/**
 * Splits a validation set off, with every class in proportion (to rounding, largest remainder).
 *
 * @param split What to divide; left untouched.
 * @param count Images for validation.
 * @param seed Decides which ones.
 * @returns Copies, both in the order of the original.
 * @throws {RangeError} When fewer than one image would be left on either side.
 */
export function holdOut(
  split: Split,
  count: number,
  seed: number,
): { train: Split; validation: Split } {
  if (!Number.isInteger(count) || count < 1 || count >= split.count) {
    throw new RangeError(
      `Cannot hold ${count} images out: expected an integer from 1 to ${split.count - 1}`,
    );
  }
  const held = new Uint8Array(split.count);
  const random = new Random(seed).fork("hold-out");
  const members = classMembers(split);
  const shares = proportionalShares(members.map((m) => m.length), count);
  members.forEach((m, label) => {
    const order = random.fork(label).permutation(m.length);
    for (let i = 0; i < shares[label]!; i++) held[m[order[i]!]!] = 1;
  });
  return { train: select(split, held, 0), validation: select(split, held, 1) };
}

/** Pixels times channels of one image. */
function imageSize(split: Split): number {
  return split.count === 0 ? 0 : split.images.length / split.count;
}

function checkLength(what: string, actual: number, expected: number): void {
  if (actual === expected) return;
  throw new RangeError(
    `Cannot fill a batch: expected room for ${expected} ${what}, got ${actual}`,
  );
}

/** The float of each of the 256 pixel values, per channel. */
function brightnessTables(
  size: number,
  normalisation: Normalisation = { mean: [0], deviation: [1] },
): Float32Array[] {
  const { mean, deviation } = normalisation;
  const channels = mean.length;
  const valid = deviation.length === channels && channels > 0 && size % channels === 0 &&
    mean.every(Number.isFinite) && deviation.every((d) => d > 0 && Number.isFinite(d));
  if (!valid) {
    throw new RangeError(
      "Cannot normalise a batch: expected a finite mean and a positive deviation for each channel " +
        `of ${size} values, got means ${mean.join(", ")} and deviations ${deviation.join(", ")}`,
    );
  }
  const value = (v: number, k: number) => (v / 255 - mean[k]!) / deviation[k]!;
  return mean.map((_, k) => Float32Array.from({ length: 256 }, (_, v) => value(v, k)));
}

function copyGrey(source: Uint8Array, target: Float32Array, table: Float32Array): void {
  for (let j = 0; j < source.length; j++) target[j] = table[source[j]!]!;
}

function copyChannels(
  source: Uint8Array,
  target: Float32Array,
  tables: readonly Float32Array[],
): void {
  const channels = tables.length;
  for (let k = 0; k < channels; k++) {
    const table = tables[k]!;
    for (let j = k; j < source.length; j += channels) target[j] = table[source[j]!]!;
  }
}

/** Mean of f(brightness) under a histogram of pixel values. */
function moment(counts: Float64Array, f: (brightness: number) => number): number {
  let sum = 0;
  let total = 0;
  counts.forEach((count, value) => {
    sum += count * f(value / 255);
    total += count;
  });
  return total === 0 ? 0 : sum / total;
}

/** Numbers of the images of each class. */
function classMembers(split: Split): number[][] {
  const members: number[][] = [];
  split.labels.forEach((label, i) => {
    while (members.length <= label) members.push([]);
    members[label]!.push(i);
  });
  return members;
}

/** Integers near count · sizes / Σ sizes that add up to `count`. */
function proportionalShares(sizes: readonly number[], count: number): number[] {
  const total = sizes.reduce((a, b) => a + b, 0);
  const exact = sizes.map((size) => (count * size) / total);
  const shares = exact.map(Math.floor);
  const missing = count - shares.reduce((a, b) => a + b, 0);
  const byRemainder = exact
    .map((share, k) => ({ k, remainder: share - Math.floor(share) }))
    .sort((a, b) => b.remainder - a.remainder);
  for (const { k } of byRemainder.slice(0, missing)) shares[k]!++;
  return shares;
}

function select(split: Split, marks: Uint8Array, mark: number): Split {
  const size = imageSize(split);
  const chosen = [...marks.keys()].filter((i) => marks[i] === mark);
  const images = new Uint8Array(chosen.length * size);
  chosen.forEach((i, k) => images.set(split.images.subarray(i * size, (i + 1) * size), k * size));
  return {
    count: chosen.length,
    images,
    labels: Uint8Array.from(chosen, (i) => split.labels[i]!),
  };
}
