/**
 * Images in another size.
 *
 * @module
 */

import type { Layer } from "../core/mod.ts";

/** Brightness of red, green and blue (ITU-R BT.601). */
const LUMA = [0.299, 0.587, 0.114];

/**
 * Images in another size and of other channels, as image libraries resize them: bilinear, where they
 * get smaller over as many pixels as go into one. Grey becomes as many equal channels, red, green and
 * blue their brightness. A linear map without weights.
 *
 * @param from What comes: rows of height·width·channels numbers, or images.
 * @param to What leaves: images, batch×height×width×channels.
 * @throws {RangeError} When channels are neither equal in number nor grey on one side.
 *
 * @example MNIST as a model sees it that was trained on larger images in colour
 * ```ts
 * import { resizeImages } from "@rankflow/rankflow/layers";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(resizeImages([28, 28, 1], [224, 224, 3]).weights, []);
 * assertThrows(() => resizeImages([28, 28, 2], [224, 224, 3]), RangeError, "got 2 and 3");
 * ```
 */
export function resizeImages(
  from: readonly [height: number, width: number, channels: number],
  to: readonly [height: number, width: number, channels: number],
): Layer {
  const [rows, columns] = [triangle(from[0], to[0]), triangle(from[1], to[1])];
  const colours = between(from[2], to[2]);
  return {
    weights: [],
    forward({ engine }, x) {
      const [h, w, c] = from;
      const [height, width, channels] = to;
      const batch = x.shape[0]!;
      // Rows first, then columns: each lies in front of all else when it is multiplied.
      const flat = engine.reshape(x, [batch, h * w * c]);
      const high = engine.matMul(
        engine.tensor(rows, [height, h]),
        engine.reshape(engine.transpose(flat), [h, w * c * batch]),
      );
      const wide = engine.matMul(
        engine.tensor(columns, [width, w]),
        engine.reshape(engine.transpose(high), [w, c * batch * height]),
      );
      const back = engine.transpose(engine.reshape(wide, [width * c, batch * height]));
      const shape = [batch, height, width, channels];
      if (c === channels) return engine.reshape(back, shape);
      const pixels = engine.reshape(back, [batch * height * width, c]);
      return engine.reshape(engine.matMul(pixels, engine.tensor(colours, [c, channels])), shape);
    },
  };
}

/** Shares, to×from, of the pixels that each new one is made of: a triangle about its middle. */
function triangle(from: number, to: number): Float32Array {
  const [step, reach] = [from / to, Math.max(1, from / to)];
  const out = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const middle = (i + 0.5) * step;
    const shares = Array.from(
      { length: from },
      (_, j) => Math.max(0, 1 - Math.abs(j + 0.5 - middle) / reach),
    );
    const sum = shares.reduce((a, b) => a + b, 0);
    out.set(shares.map((share) => share / sum), i * from);
  }
  return out;
}

/** Channels to channels. */
function between(from: number, to: number): Float32Array {
  if (from === to) return new Float32Array();
  if (from === 1) return new Float32Array(to).fill(1);
  if (from === LUMA.length && to === 1) return Float32Array.from(LUMA);
  throw new RangeError(
    `Cannot resize images: expected as many channels, or grey on one side, got ${from} and ${to}`,
  );
}
