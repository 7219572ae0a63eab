/**
 * Random erasure (DeVries and Taylor, "Improved regularization of convolutional neural networks
 * with cutout", arXiv:1708.04552).
 *
 * @module
 */

import { type Augmentation, augmentations } from "./augmentation.ts";

/** Gives a square of that side the mean colour; its centre is anywhere in the image. */
export const cutout: Augmentation = augmentations.add({
  name: "cutout",
  description: "gives a square of that side at a random place the mean colour",
  amount: "pixels, a whole number ≥ 1",
  preset: 16,
  accepts: (amount) => Number.isInteger(amount) && amount >= 1,
  module: import.meta.url,
  apply(image, side, { shape: [height, width, channels], mean }, random) {
    const top = random.integer(height) - (side >> 1);
    const left = random.integer(width) - (side >> 1);
    for (let y = Math.max(0, top); y < Math.min(height, top + side); y++) {
      for (let x = Math.max(0, left); x < Math.min(width, left + side); x++) {
        image.set(mean, (y * width + x) * channels);
      }
    }
  },
});
