/**
 * Random changes of training images that leave their class as it is, as plugins.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { type Plugin, Registry } from "../registry.ts";

/** What an augmentation knows of the images. */
export interface ImageContext {
  /** Height, width and channels of an image. */
  readonly shape: readonly [number, number, number];
  /** Mean colour of the training images, a value from 0 to 255 per channel. */
  readonly mean: Uint8Array;
}

/** A random change of an image. */
export interface Augmentation extends Plugin {
  /** What its number means and which ones it takes, such as "pixels, a whole number ≥ 0". */
  readonly amount: string;
  /** The number where none is given. */
  readonly preset: number;
  /** Whether it can work with a number. */
  readonly accepts: (amount: number) => boolean;
  /**
   * Address of a module that registers it when loaded, mostly `import.meta.url`: with it, images
   * can be prepared on another thread.
   */
  readonly module?: string;
  /**
   * Changes one image in place.
   *
   * @param image Pixels from 0 to 255, h×w×c.
   * @param amount The number that goes with it.
   * @param random A stream of this image's own in this epoch.
   */
  apply(image: Uint8Array, amount: number, context: ImageContext, random: Random): void;
}

/** Augmentations by name. */
export const augmentations: Registry<Augmentation> = new Registry("augmentation");

/** An augmentation with its number. */
export interface AugmentationStep {
  /** Registry name. */
  readonly name: string;
  /** Its number. */
  readonly amount: number;
}

/**
 * Reads a list such as `pad-crop:4,flip`: names joined by commas, each with a number where the
 * usual one will not do. The empty text is the empty list.
 *
 * @throws {RangeError} When a name is unknown or a number not one that it takes.
 *
 * @example Two steps
 * ```ts
 * import { parseAugmentation } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseAugmentation("pad-crop:2,flip"), [
 *   { name: "pad-crop", amount: 2 },
 *   { name: "flip", amount: 0.5 },
 * ]);
 * ```
 */
export function parseAugmentation(text: string): AugmentationStep[] {
  const parts = text.split(",").map((part) => part.trim()).filter((part) => part !== "");
  return parts.map((part) => {
    const [name, number, ...rest] = part.split(":");
    const plugin = augmentations.get(name!);
    const amount = number === undefined ? plugin.preset : Number(number.trim() || NaN);
    if (rest.length > 0 || !plugin.accepts(amount)) {
      throw new RangeError(`Cannot augment by "${part}": expected ${name}:${plugin.amount}`);
    }
    return { name: name!, amount };
  });
}
