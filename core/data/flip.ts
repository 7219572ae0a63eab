/**
 * Random mirroring.
 *
 * @module
 */

import { tunable, type Tuned } from "../tunable.ts";
import { type Augmentation, augmentations } from "./augmentation.ts";

/** Swaps left and right with that probability. */
export const flip: Tuned<Augmentation, { readonly probability: number }> = tunable(augmentations, {
  name: "flip",
  description: "swaps left and right with that probability",
  defaults: { probability: 0.5 },
  limits: { probability: { min: 0, max: 1 } },
  make: ({ probability }) => ({
    module: import.meta.url,
    apply(image, { shape: [height, width, channels] }, random) {
      if (random.uniform() >= probability) return;
      for (let y = 0; y < height; y++) {
        mirror(image.subarray(y * width * channels, (y + 1) * width * channels), channels);
      }
    },
  }),
});

/** Reverses the pixels of a row, each with its channels in their order. */
function mirror(row: Uint8Array, channels: number): void {
  for (let left = 0, right = row.length - channels; left < right;) {
    for (let c = 0; c < channels; c++) {
      const kept = row[left + c]!;
      row[left + c] = row[right + c]!;
      row[right + c] = kept;
    }
    left += channels;
    right -= channels;
  }
}
