/**
 * Random erasure (DeVries and Taylor, "Improved regularization of convolutional neural networks
 * with cutout", arXiv:1708.04552).
 *
 * @module
 */

import { tunable, type Tuned } from "../tunable.ts";
import { type Augmentation, augmentations } from "./augmentation.ts";

/** Gives a square of that side the mean colour; its centre is anywhere in the image. */
export const cutout: Tuned<Augmentation, { readonly side: number }> = tunable(augmentations, {
  name: "cutout",
  description: "gives a square of that side at a random place the mean colour",
  defaults: { side: 16 },
  limits: { side: { integer: true, min: 1, description: "pixels" } },
  make: ({ side }) => ({
    module: import.meta.url,
    apply(image, { shape: [height, width, channels], mean }, random) {
      const top = random.integer(height) - (side >> 1);
      const left = random.integer(width) - (side >> 1);
      for (let y = Math.max(0, top); y < Math.min(height, top + side); y++) {
        for (let x = Math.max(0, left); x < Math.min(width, left + side); x++) {
          image.set(mean, (y * width + x) * channels);
        }
      }
    },
  }),
});
