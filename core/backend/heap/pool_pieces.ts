/**
 * The pieces of maximum pooling.
 *
 * @module
 */

import type { Member } from "./member.ts";

/** The names of {@linkcode PoolShape}, in the order in which pieces have them. */
const NAMES = [
  "height",
  "width",
  "channels",
  "outHeight",
  "outWidth",
  "filterHeight",
  "filterWidth",
  "strideHeight",
  "strideWidth",
  "padTop",
  "padLeft",
] as const;

/** Extents of an image and how windows move over it. */
export type PoolShape = Readonly<Record<typeof NAMES[number], number>>;

/** A shape as numbers. */
export function poolNumbers(shape: PoolShape): number[] {
  return NAMES.map((name) => shape[name]);
}

function poolShapeOf(numbers: readonly number[]): PoolShape {
  return Object.fromEntries(NAMES.map((name, i) => [name, numbers[i]!])) as unknown as PoolShape;
}

/** Whether every pixel lies in one window. */
function apart(s: PoolShape): boolean {
  const down = s.strideHeight === s.filterHeight && s.outHeight * s.strideHeight === s.height;
  const across = s.strideWidth === s.filterWidth && s.outWidth * s.strideWidth === s.width;
  return down && across && s.padTop + s.padLeft === 0;
}

/** Where a window, clipped to the image, begins, and its extents. */
function clipped(start: number, size: number, n: number): [number, number] {
  const first = Math.max(0, start);
  return [first, Math.min(n, start + size) - first];
}

/**
 * Calls `f` for the windows of images first … first + count − 1: index of the first pixel, extents,
 * and index of the result's pixel.
 */
function eachWindow(
  s: PoolShape,
  first: number,
  count: number,
  f: (pixel: number, rows: number, columns: number, result: number) => void,
): void {
  let result = first * s.outHeight * s.outWidth;
  for (let image = first; image < first + count; image++) {
    for (let oh = 0; oh < s.outHeight; oh++) {
      const [top, rows] = clipped(oh * s.strideHeight - s.padTop, s.filterHeight, s.height);
      for (let ow = 0; ow < s.outWidth; ow++) {
        const [left, columns] = clipped(ow * s.strideWidth - s.padLeft, s.filterWidth, s.width);
        f((image * s.height + top) * s.width + left, rows, columns, result++);
      }
    }
  }
}

const SHAPE = NAMES.length;

/** y: shape…, first image, images, x, y. */
export function maxPoolPiece({ simd }: Member, numbers: readonly number[]): void {
  const s = poolShapeOf(numbers);
  const [first, count, x, y] = numbers.slice(SHAPE) as [number, number, number, number];
  const pixel = 4 * s.channels;
  const window = simd.max_window!;
  eachWindow(s, first, count, (at, rows, columns, result) => {
    const [to, from] = [y + pixel * result, x + pixel * at];
    window(to, from, rows, columns, s.width * pixel, pixel, s.channels);
  });
}

/** dx: shape…, first image, images, dx, x, dy, y. */
export function maxPoolGradPiece({ simd }: Member, numbers: readonly number[]): void {
  const s = poolShapeOf(numbers);
  const [first, count, dx, x, dy, y] = numbers.slice(SHAPE) as [
    ...[number, number, number],
    ...[number, number, number],
  ];
  const pixel = 4 * s.channels;
  const plain = apart(s);
  const window = plain ? simd.max_window_grad_apart! : simd.max_window_grad!;
  const image = s.height * s.width;
  if (!plain) simd.zero!(dx + first * image * pixel, count * image * s.channels);
  eachWindow(s, first, count, (at, rows, columns, result) => {
    const [from, to] = [pixel * at, pixel * result];
    const places = [dx + from, x + from, dy + to, y + to] as const;
    window(...places, rows, columns, s.width * pixel, pixel, s.channels);
  });
}
