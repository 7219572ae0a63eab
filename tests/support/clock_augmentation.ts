/** Augmentations for tests of the prefetching thread, in a module that it can load. */

import { isMainThread } from "node:worker_threads";
import { augmentations } from "../../core/data/augmentation.ts";
import { tunable } from "../../core/tunable.ts";

/** Bytes of a stamp. */
const STAMP = 6;

/** Milliseconds since 1970 that the first pixels of an image hold. */
export function stampOf(image: Uint8Array | Float32Array): number {
  const byte = (i: number) => Math.round(image[i]! * (image instanceof Float32Array ? 255 : 1));
  return Array.from({ length: STAMP }, (_, i) => byte(i)).reduceRight((sum, b) => sum * 256 + b, 0);
}

/** Writes the time into the first pixels. */
augmentations.add({
  name: "clock",
  description: "writes the time at which an image was made into its first pixels",
  module: import.meta.url,
  apply(image: Uint8Array) {
    let rest = Date.now();
    for (let i = 0; i < STAMP; i++, rest = Math.floor(rest / 256)) image[i] = rest % 256;
  },
});

/** Fails on another thread than the one that has a process of its own. */
tunable(augmentations, {
  name: "homesick",
  description: "fails within workers on bright images",
  defaults: { limit: 128 },
  limits: { limit: { min: 0, description: "brightness from which it fails" } },
  make: ({ limit }) => ({
    module: import.meta.url,
    apply(image: Uint8Array) {
      if (!isMainThread && image[0]! >= limit) throw new Error("this image is too bright");
      image[0]! ^= 1;
    },
  }),
});

/** Ends any other thread, without a word, at bright images. */
tunable(augmentations, {
  name: "dying",
  description: "ends other threads at bright images",
  defaults: { limit: 128 },
  limits: { limit: { min: 0, description: "brightness from which it ends them" } },
  make: ({ limit }) => ({
    module: import.meta.url,
    apply(image: Uint8Array) {
      if (!isMainThread && image[0]! >= limit) Deno.exit(0);
      image[0]! ^= 1;
    },
  }),
});
