/**
 * Gaussian blobs: tiny images for quick tests of training loops.
 *
 * @module
 */

import { Random } from "../random.ts";
import {
  checkCount,
  type Dataset,
  type DatasetSource,
  type LoadOptions,
  seal,
  type Split,
} from "./dataset.ts";

const SIDE = 6;
const CLASSES = 4;
/** Standard deviation of a pixel around the mean image of its class, of 255. */
const NOISE = 45;

/**
 * Four classes of 6×6 grey images: each class has a mean image, drawn from the seed with pixels in
 * [40, 215], and every image adds independent Gaussian noise. Linearly separable but for rare
 * images, so a few epochs of anything reach nearly all.
 */
export const blobs: DatasetSource = {
  name: "blobs",
  description: "four Gaussian classes of 6×6 images, made from the seed; for quick trials",
  load: (options) => Promise.try(make, options),
};

function make({ seed, trainCount = 400, testCount = 200 }: LoadOptions): Dataset {
  const root = new Random(seed).fork("blobs");
  const means = root.fork("means").fillUniform(new Float64Array(CLASSES * SIDE * SIDE), 40, 215);
  return seal({
    name: "blobs",
    shape: [SIDE, SIDE, 1],
    classes: CLASSES,
    classNames: [..."abcd"],
    train: sample(means, root.fork("train"), checkCount(trainCount, "training")),
    test: sample(means, root.fork("test"), checkCount(testCount, "test")),
  });
}

/** Image i belongs to class i modulo the number of classes. */
function sample(means: Float64Array, random: Random, count: number): Split {
  const size = SIDE * SIDE;
  const labels = Uint8Array.from({ length: count }, (_, i) => i % CLASSES);
  const images = new Uint8Array(count * size);
  for (let i = 0; i < images.length; i++) {
    const label = Math.floor(i / size) % CLASSES;
    const value = means[label * size + i % size]! + NOISE * random.normal();
    images[i] = Math.round(Math.min(Math.max(value, 0), 255));
  }
  return { count, images, labels };
}
