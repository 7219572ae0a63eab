/**
 * Between rows of numbers and images. Images are batch×height×width×channels everywhere: a pixel's
 * channels lie side by side, so that products with channel bases are matrix products.
 *
 * @module
 */

import type { Layer, Tensor } from "../core/mod.ts";

/** Rows of height·width·channels numbers, channels fastest, as images. */
export function toImages(shape: readonly [number, number, number]): Layer {
  return {
    weights: [],
    forward: (pass, x) => pass.engine.reshape(x, [countImages(x, shape), ...shape]),
  };
}

/** Images as rows of height·width·channels numbers. */
export function flatten(): Layer {
  return {
    weights: [],
    forward: (pass, x) => pass.engine.reshape(x, [x.shape[0]!, x.size / x.shape[0]!]),
  };
}

/**
 * Rows of channels·height·width numbers, one plane after the other as other libraries order them
 * (NCHW), as images.
 *
 * @param shape Channels, height, width.
 */
export function planesToImages(shape: readonly [number, number, number]): Layer {
  const [channels, height, width] = shape;
  return {
    weights: [],
    forward({ engine }, x) {
      const batch = countImages(x, shape);
      const pixels = height * width;
      const rows = engine.reshape(x, [batch, channels * pixels]);
      const planes = Array.from(
        { length: channels },
        (_, c) =>
          engine.reshape(engine.slice(rows, [0, c * pixels], [batch, pixels]), [batch * pixels, 1]),
      );
      return engine.reshape(engine.concat(planes, 1), [batch, height, width, channels]);
    },
  };
}

/**
 * Data in planes (channels, height, width for each image) in the order that images have here
 * (height, width, channels).
 *
 * @param data Whole images one after the other.
 * @param shape Channels, height, width.
 * @returns A copy.
 * @throws {RangeError} When the data is no whole number of images.
 */
export function channelsLast(
  data: Float32Array,
  shape: readonly [number, number, number],
): Float32Array {
  const [channels, height, width] = shape;
  const [pixels, size] = [height * width, channels * height * width];
  if (data.length % size !== 0) {
    throw new RangeError(
      `Cannot reorder images: expected a multiple of ${size} numbers, got ${data.length}`,
    );
  }
  const out = new Float32Array(data.length);
  for (let first = 0; first < data.length; first += size) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < pixels; p++) {
        out[first + p * channels + c] = data[first + c * pixels + p]!;
      }
    }
  }
  return out;
}

function countImages(x: Tensor, shape: readonly number[]): number {
  const size = shape.reduce((n, d) => n * d, 1);
  const count = x.shape[0]!;
  if (x.size === count * size) return count;
  throw new RangeError(
    `Cannot see rows as images: expected ${shape.join("×")} = ${size} numbers a row, ` +
      `got shape [${x.shape}]`,
  );
}
