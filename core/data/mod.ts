/**
 * Data sets: where they come from, and how training walks through them.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import { blobs } from "./blobs.ts";
import { cifar10 } from "./cifar_10.ts";
import type { DatasetSource } from "./dataset.ts";
import { digits } from "./digits.ts";
import { fashionMnist } from "./fashion_mnist.ts";
import { mnistDigits } from "./mnist.ts";

export * from "./augmentation.ts";
export { BatchMaker, type BatchPlan, type ImageAugmentation } from "./batch_maker.ts";
export * from "./batch_source.ts";
export * from "./blobs.ts";
export * from "./cache_directory.ts";
export * from "./cifar_10.ts";
export { type CifarCollection, cifarSource } from "./cifar_source.ts";
export type {
  Dataset,
  DatasetSource,
  LoadOptions,
  LoadProgress,
  Normalisation,
  Split,
} from "./dataset.ts";
export { fingerprint, firstImages, seal } from "./dataset.ts";
export { cutout } from "./cutout.ts";
export * from "./digits.ts";
export * from "./examples.ts";
export * from "./fashion_mnist.ts";
export { flip } from "./flip.ts";
export { channelStatistics, holdOut, imageExamples } from "./images.ts";
export { type IdxArray, parseIdx, readIdx } from "./idx.ts";
export { type IdxCollection, type IdxFile, idxSource } from "./idx_source.ts";
export * from "./mnist.ts";
export { padCrop } from "./pad_crop.ts";
export { prefetchedBatches, type PrefetchOptions } from "./prefetch.ts";
export * from "./sequences.ts";
export * from "./text/mod.ts";
export * from "./puzzles/mod.ts";
export { windowsOf } from "./windows.ts";

/**
 * Every source of labelled images by its name.
 *
 * @example A small one that is drawn
 * ```ts
 * import { datasets } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const blobs = await datasets.get("blobs").load({ seed: 1, trainCount: 8, testCount: 4 });
 * assertEquals([blobs.train.count, blobs.test.count], [8, 4]);
 * ```
 */
export const datasets: Registry<DatasetSource> = new Registry("data set");
datasets.add(digits);
datasets.add(mnistDigits);
datasets.add(fashionMnist);
datasets.add(cifar10);
datasets.add(blobs);
