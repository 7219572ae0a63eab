/**
 * Random shifts: the image on a black border, cut out again at a random place (He et al., CVPR
 * 2016, section 4.2).
 *
 * @module
 */

import { tunable, type Tuned } from "../tunable.ts";
import { type Augmentation, augmentations } from "./augmentation.ts";

/** Shifts by up to that many pixels each way; what comes in is black. */
export const padCrop: Tuned<Augmentation, { readonly border: number }> = tunable(augmentations, {
  name: "pad-crop",
  description: "shifts the image by up to that many pixels each way, on black",
  defaults: { border: 4 },
  limits: { border: { integer: true, min: 0, description: "pixels" } },
  make: ({ border }) => ({
    module: import.meta.url,
    apply(image, { shape: [height, width, channels] }, random) {
      const down = random.integer(2 * border + 1) - border;
      const right = random.integer(2 * border + 1) - border;
      const source = image.slice();
      image.fill(0);
      const columns = width - Math.abs(right);
      if (columns <= 0) return;
      const [from, to] = [Math.max(0, right), Math.max(0, -right)];
      for (let y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
        const start = ((y + down) * width + from) * channels;
        image.set(source.subarray(start, start + columns * channels), (y * width + to) * channels);
      }
    },
  }),
});
