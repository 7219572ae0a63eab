/**
 * The binary format of CIFAR-10: records of a label and 3×32×32 pixels, plane by plane, with
 * nothing before, between or after them (https://www.cs.toronto.edu/~kriz/cifar.html).
 *
 * @module
 */

import type { Split } from "./dataset.ts";

const SIDE = 32;
const CHANNELS = 3;
const PLANE = SIDE * SIDE;
const RECORD = 1 + CHANNELS * PLANE;

/** Height, width and channels of an image. */
export const CIFAR_SHAPE: readonly [number, number, number] = [SIDE, SIDE, CHANNELS];

/**
 * Understands the bytes of a plain file of records; their number follows from the length.
 *
 * @param bytes Whole content.
 * @param classes Number of classes; labels are below it.
 * @param name Where it comes from, for messages.
 * @returns Images with the channels of a pixel side by side, n×32×32×3.
 * @throws {Error} When the length is no multiple of a record's, or a label is too large.
 */
export function parseCifar(bytes: Uint8Array, classes: number, name: string): Split {
  const count = Math.floor(bytes.length / RECORD);
  if (count === 0 || bytes.length !== count * RECORD) {
    throw new Error(
      `Cannot read ${name} as CIFAR records: expected a multiple of ${RECORD} bytes ` +
        `(a label and 3×32×32 pixels), got ${bytes.length} bytes; it may be cut off`,
    );
  }
  const labels = Uint8Array.from({ length: count }, (_, i) => bytes[i * RECORD]!);
  const stray = labels.findIndex((label) => label >= classes);
  if (stray >= 0) {
    throw new Error(
      `Cannot read ${name} as CIFAR records: expected labels below ${classes}, ` +
        `got ${labels[stray]} in record ${stray}; it may be of another data set`,
    );
  }
  const images = new Uint8Array(count * CHANNELS * PLANE);
  for (let i = 0; i < count; i++) {
    const planes = bytes.subarray(i * RECORD + 1, (i + 1) * RECORD);
    interleave(planes, images.subarray(i * CHANNELS * PLANE, (i + 1) * CHANNELS * PLANE));
  }
  return { count, images, labels };
}

/** Channel planes, one behind the other, to pixels with their channels. */
function interleave(planes: Uint8Array, pixels: Uint8Array): void {
  for (let c = 0; c < CHANNELS; c++) {
    const plane = planes.subarray(c * PLANE, (c + 1) * PLANE);
    for (let p = 0; p < PLANE; p++) pixels[p * CHANNELS + c] = plane[p]!;
  }
}
