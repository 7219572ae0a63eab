/**
 * What a data set is, and how sources of data sets look.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Tunable } from "../tunable.ts";

/** Shift and scale per channel: a pixel p in [0, 1] becomes (p − mean) / deviation. */
export interface Normalisation {
  /** Mean of each channel, in units of full brightness. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel, in the same units, positive. */
  readonly deviation: readonly number[];
}

/** Labelled images of one purpose, training or test. */
export interface Split {
  /** Number of images n. */
  readonly count: number;
  /** Pixels, n×h×w×c, row-major, 0 to 255. */
  readonly images: Uint8Array;
  /** Class of each image, n. */
  readonly labels: Uint8Array;
}

/** A data set in memory. */
export interface Dataset {
  /** Registry name of its source. */
  readonly name: string;
  /** Height, width and channels of an image. */
  readonly shape: readonly [number, number, number];
  /** Number of classes; labels are below it. */
  readonly classes: number;
  /** A name for each class, for reports. */
  readonly classNames: readonly string[];
  /** What to train on. */
  readonly train: Split;
  /** What to measure on. */
  readonly test: Split;
  /** Shift and scale per channel that people customarily normalise by; no part of the content. */
  readonly normalisation?: Normalisation;
  /** SHA-256 of the whole content, hexadecimal; see {@linkcode fingerprint}. */
  readonly sha256: string;
}

/** How far a download is. */
export interface LoadProgress {
  /** Name of the file under way. */
  readonly file: string;
  /** Bytes received. */
  readonly received: number;
  /** Bytes in all; undefined where the server did not say. */
  readonly total: number | undefined;
}

/** Options of {@linkcode DatasetSource.load}. */
export interface LoadOptions {
  /** Folder with the files; default: a folder of the source in the cache of this user. */
  readonly directory?: string;
  /** Seed of sources that make their data; a fixed collection ignores it. */
  readonly seed: number;
  /** Training images to take, the first ones; default: all that there are. */
  readonly trainCount?: number;
  /** Test images to take, the first ones; default: all that there are. */
  readonly testCount?: number;
  /** Called as a download goes on. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Told before something is done that a mistyped option may have led to. */
  readonly onWarning?: (text: string) => void;
  /** Never download; default false. */
  readonly offline?: boolean;
  /** Ends a download when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * A way to come by a data set, found by name in the `datasets` registry.
 *
 * @example A set of one's own: black is class 0, white class 1
 * ```ts
 * import {
 *   type Dataset, datasets, type DatasetSource, type LoadOptions, type LoadProgress, type
 *   Normalisation, type Split,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const split: Split = { count: 2, images: Uint8Array.of(0, 255), labels: Uint8Array.of(0, 1) };
 * const normalisation: Normalisation = { mean: [0.5], deviation: [0.5] };
 * const shades: DatasetSource = {
 *   name: "shades",
 *   description: "black and white",
 *   load({ onProgress }: LoadOptions): Promise<Dataset> {
 *     const done: LoadProgress = { file: "shades", received: 2, total: 2 };
 *     onProgress?.(done);
 *     const parts = { classNames: ["black", "white"], train: split, test: split, normalisation };
 *     return Promise.resolve({ name: "shades", shape: [1, 1, 1], classes: 2, ...parts, sha256: "" });
 *   },
 * };
 * const { classes } = await datasets.add(shades).load({ seed: 1 });
 * assertEquals(classes, 2);
 * ```
 */
export interface DatasetSource extends Tunable<DatasetSource> {
  /**
   * Makes, reads or downloads the data.
   *
   * @throws {RangeError} When more images are asked for than there are.
   * @throws {Error} When files are missing, damaged or cannot be downloaded.
   */
  load(options: LoadOptions): Promise<Dataset>;
}

/**
 * Adds the {@linkcode fingerprint} to the rest of a data set.
 *
 * @throws {RangeError} When a split is empty, or its pixels or labels do not fit the rest.
 */
export function seal(content: Omit<Dataset, "sha256">): Dataset {
  checkSplit(content, content.train, "training");
  checkSplit(content, content.test, "test");
  return { ...content, sha256: fingerprint(content) };
}

function checkSplit(
  { name, shape, classes }: Omit<Dataset, "sha256">,
  { count, images, labels }: Split,
  what: string,
): void {
  const refuse = (expected: string, got: unknown) =>
    new RangeError(`Cannot use data set ${name}: expected ${expected}, got ${got}`);
  if (!(count >= 1)) throw refuse(`at least one ${what} image`, "none");
  const pixels = shape.reduce((n, d) => n * d, count);
  if (images.length !== pixels) throw refuse(`${pixels} pixels of ${what} images`, images.length);
  if (labels.length !== count) throw refuse(`${count} ${what} labels`, labels.length);
  const stray = labels.find((label) => label >= classes);
  if (stray !== undefined) throw refuse(`${what} labels below ${classes}`, stray);
}

/**
 * SHA-256 of the shape, the number of classes and every pixel and label, hexadecimal. Two data
 * sets with equal fingerprints train equally.
 */
export function fingerprint(content: Omit<Dataset, "sha256">): string {
  const { shape, classes, train, test } = content;
  const hash = createHash("sha256");
  hash.update(JSON.stringify({ shape, classes, train: train.count, test: test.count }));
  for (const split of [train, test]) hash.update(split.images).update(split.labels);
  return hash.digest("hex");
}

/**
 * The first images of a split, sharing its memory.
 *
 * @param split Where to take from.
 * @param count How many; undefined means all.
 * @param what Name of the split, for the message.
 * @throws {RangeError} When there are not that many, or the count is not a positive integer.
 */
export function firstImages(split: Split, count: number | undefined, what: string): Split {
  if (count === undefined || count === split.count) return split;
  if (!Number.isInteger(count) || count < 1 || count > split.count) {
    throw new RangeError(
      `Cannot take ${count} ${what} images: expected an integer from 1 to ${split.count}`,
    );
  }
  const size = split.images.length / split.count;
  return {
    count,
    images: split.images.subarray(0, count * size),
    labels: split.labels.subarray(0, count),
  };
}

/**
 * Lets a sensible number of images to be made pass.
 *
 * @param count How many are asked for.
 * @param what Name of the split, for the message.
 * @returns The count.
 * @throws {RangeError} When it is not an integer from 1 to 1,000,000.
 */
export function checkCount(count: number, what: string): number {
  if (Number.isInteger(count) && count >= 1 && count <= 1_000_000) return count;
  throw new RangeError(
    `Cannot make ${count} ${what} images: expected an integer from 1 to 1000000`,
  );
}
