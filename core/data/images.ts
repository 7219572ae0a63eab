/**
 * Labelled images as examples: statistics of their channels, and splits that are held out.
 *
 * @module
 */

import { Random } from "../random.ts";
import type { Dataset, Normalisation, Split } from "./dataset.ts";
import { type Examples, examplesOf } from "./examples.ts";

/**
 * Labelled images as examples: `x`, rows of pixels in [0, 1], and `y`, their classes.
 *
 * @param shape Height, width and channels.
 */
export function imageExamples({ count, images, labels }: Split, shape: Dataset["shape"]): Examples {
  const pixels = shape.reduce((n, d) => n * d, 1);
  return examplesOf({
    x: { data: images, shape: [pixels], bytes: "brightness" },
    y: { data: labels, shape: [] },
  }, count);
}

/**
 * Mean and standard deviation of each channel over a whole split.
 *
 * @param split Its images.
 * @param channels Number of channels c.
 * @returns In units of full brightness; a constant channel gets deviation 1.
 */
export function channelStatistics(
  { images }: Pick<Split, "images">,
  channels: number,
): Normalisation {
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  images.forEach((value, i) => counts[i % channels]![value]!++);
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
