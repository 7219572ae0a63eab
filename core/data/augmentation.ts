/**
 * Random changes of training images that leave their class as it is, as plugins.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { Registry } from "../registry.ts";
import { parseChoice, type Settings, splitChoices } from "../settings.ts";
import { type Tunable, tune } from "../tunable.ts";

/** What an augmentation knows of the images. */
export interface ImageContext {
  /** Height, width and channels of an image. */
  readonly shape: readonly [number, number, number];
  /** Mean colour of the training images, a value from 0 to 255 per channel. */
  readonly mean: Uint8Array;
}

/** A random change of an image. */
export interface Augmentation extends Tunable<Augmentation> {
  /**
   * Address of a module that registers it when loaded, mostly `import.meta.url`: with it, images
   * can be prepared on another thread.
   */
  readonly module?: string;
  /**
   * Changes one image in place.
   *
   * @param image Pixels from 0 to 255, h×w×c.
   * @param random A stream of this image's own in this epoch.
   */
  apply(image: Uint8Array, context: ImageContext, random: Random): void;
}

/** Augmentations by name. */
export const augmentations: Registry<Augmentation> = new Registry("augmentation");

/**
 * An augmentation that was chosen: plain data, for other threads too.
 *
 * @example A step with a setting
 * ```ts
 * import type { AugmentationStep } from "@rankflow/rankflow";
 * import { augmentationOf } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const step: AugmentationStep = { name: "pad-crop", settings: { border: 2 } };
 * assertEquals(augmentationOf(step).name, "pad-crop");
 * ```
 */
export interface AugmentationStep {
  /** Registry name. */
  readonly name: string;
  /** What was set of its defaults. */
  readonly settings: Settings;
}

/**
 * Reads a list such as `pad-crop:4,flip`: choices joined by commas, each as
 * {@linkcode parseChoice} reads it. The empty text is the empty list.
 *
 * @throws {RangeError} When a name or a setting is unknown, or a value outside its limits.
 * @throws {TypeError} When a value has another type than its default.
 *
 * @example Two steps
 * ```ts
 * import { parseAugmentation } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseAugmentation("pad-crop:2,flip"), [
 *   { name: "pad-crop", settings: { border: 2 } },
 *   { name: "flip", settings: {} },
 * ]);
 * ```
 */
export function parseAugmentation(text: string): AugmentationStep[] {
  return splitChoices(text).map((part) => {
    const { plugin: { name }, settings } = parseChoice(augmentations, part);
    return { name, settings };
  });
}

/**
 * The augmentation of a step.
 *
 * @throws {RangeError} When there is none of that name, or a setting does not fit it.
 */
export function augmentationOf({ name, settings }: AugmentationStep): Augmentation {
  return tune(augmentations, augmentations.get(name), settings);
}
