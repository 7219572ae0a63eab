/**
 * Images as rows of pixels.
 *
 * @module
 */

import type { Engine, Tensor } from "../../backend/mod.ts";

/** Images as a matrix with a row for each pixel. */
export function rowsOf(engine: Engine, images: Tensor): Tensor {
  const channels = images.shape.at(-1)!;
  return engine.reshape(images, [images.size / channels, channels]);
}

/** Rows of pixels as images of the same number, height and width as others. */
export function imagesLike(engine: Engine, rows: Tensor, images: Tensor): Tensor {
  return engine.reshape(rows, [...images.shape.slice(0, 3), rows.shape[1]!]);
}
