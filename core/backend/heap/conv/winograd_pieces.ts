/**
 * The pieces of Winograd's convolution F(4×4, 3×3): tiles of images become rows of 36 matrices, which
 * are multiplied one by one, and rows become tiles again.
 *
 * @module
 */

import { PLANES, TILE_IN, TILE_OUT } from "../../simd/winograd.ts";
import type { Member } from "../member.ts";

/**
 * Bytes between planes beyond their size. Sizes are often multiples of 4 KiB, and then the same
 * number of all planes would compete for one set of the first-level cache.
 */
const GAP = 192;

/** Bytes from one plane of so many numbers to the next. */
export function planeBytes(numbers: number): number {
  return 4 * numbers + GAP;
}

/** A batch of images that is cut into tiles, and the rows that its tiles become. */
export interface Tiled {
  /** Address of the images. */
  readonly images: number;
  /** Rows of pixels of an image. */
  readonly height: number;
  /** Pixels of a row. */
  readonly width: number;
  /** Numbers of a pixel. */
  readonly channels: number;
  /** First row of the first tile of an image, as a distance above the image. */
  readonly above: number;
  /** First column of the first tile of an image, as a distance to the left of the image. */
  readonly before: number;
  /** Tiles above each other. */
  readonly down: number;
  /** Tiles beside each other. */
  readonly across: number;
}

/** How many numbers a {@linkcode Tiled} is. */
const TILED = 8;

/** Images as numbers. */
export function tiledNumbers(t: Tiled): number[] {
  return [t.images, t.height, t.width, t.channels, t.above, t.before, t.down, t.across];
}

function tiledOf(numbers: readonly number[]): Tiled {
  const [images, height, width, channels, above, before, down, across] = numbers as number[];
  return { images, height, width, channels, above, before, down, across } as Tiled;
}

/** A tile: its first pixel, and the rows and columns of it that lie inside the image. */
interface Tile {
  readonly at: number;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  /** Whether all of it lies inside. */
  readonly whole: boolean;
}

/** Tile `index` of the batch, of so many pixels along an axis. */
function tileAt(t: Tiled, index: number, size: number): Tile {
  const perImage = t.down * t.across;
  const image = Math.floor(index / perImage);
  const inImage = index - image * perImage;
  const down = Math.floor(inImage / t.across);
  const row = down * TILE_OUT - t.above;
  const column = (inImage - down * t.across) * TILE_OUT - t.before;
  const top = Math.max(0, -row);
  const bottom = Math.min(size, t.height - row);
  const left = Math.max(0, -column);
  const right = Math.min(size, t.width - column);
  const pixel = (image * t.height + row) * t.width + column;
  const whole = top === 0 && left === 0 && bottom === size && right === size;
  return { at: t.images + 4 * t.channels * pixel, top, bottom, left, right, whole };
}

/** Transforms tiles first … first + count − 1 to rows 0 … count − 1 of the planes. */
function toPlanes(
  { simd }: Member,
  kind: "input" | "gradient",
  t: Tiled,
  first: number,
  count: number,
  planes: number,
  stride: number,
): void {
  const size = kind === "input" ? TILE_IN : TILE_OUT;
  const plain = simd[`winograd_${kind}`]!;
  const edge = simd[`winograd_${kind}_edge`]!;
  const pixelBytes = 4 * t.channels;
  const rowBytes = t.width * pixelBytes;
  for (let i = 0; i < count; i++) {
    const { at, top, bottom, left, right, whole } = tileAt(t, first + i, size);
    const to = planes + i * pixelBytes;
    if (whole) plain(to, stride, at, rowBytes, pixelBytes, t.channels);
    else edge(to, stride, at, rowBytes, pixelBytes, t.channels, top, bottom, left, right);
  }
}

/** Transforms rows 0 … count − 1 of the planes to tiles first … first + count − 1. */
function toTiles(
  { simd }: Member,
  t: Tiled,
  first: number,
  count: number,
  planes: number,
  stride: number,
  bias: number,
  floor: number,
): void {
  const pixelBytes = 4 * t.channels;
  const rowBytes = t.width * pixelBytes;
  const plain = simd.winograd_output!;
  const edge = simd.winograd_output_edge!;
  for (let i = 0; i < count; i++) {
    const { at, bottom, right, whole } = tileAt(t, first + i, TILE_OUT);
    const from = planes + i * pixelBytes;
    if (whole) plain(from, stride, at, rowBytes, pixelBytes, bias, t.channels, floor);
    else {
      edge(from, stride, at, rowBytes, pixelBytes, bias, t.channels, bottom, right, floor);
    }
  }
}

/** Tiles to planes: kind (1 for gradients), images…, first, count, planes, bytes of a plane. */
export function planesPiece(member: Member, numbers: readonly number[]): void {
  const t = tiledOf(numbers.slice(1));
  const [first, count, planes, stride] = numbers.slice(1 + TILED) as Four;
  const kind = numbers[0] === 1 ? "gradient" : "input";
  toPlanes(member, kind, t, first, count, planes, stride);
}

/** Planes to tiles: images…, first, count, planes, bytes of a plane, bias, floor. */
export function tilesPiece(member: Member, numbers: readonly number[]): void {
  const t = tiledOf(numbers);
  const [first, count, planes, stride, bias, floor] = numbers.slice(TILED) as Six;
  toTiles(member, t, first, count, planes, stride, bias, floor);
}

type Four = [number, number, number, number];
type Six = [...Four, number, number];

/**
 * Tiles through all three steps, a block at a time that stays in a core's cache: input…, output…,
 * filter planes, whether these are transposed, bias, floor, first, count, tiles of a block, scratch
 * memory and its bytes for each thread.
 */
export function blockPiece(member: Member, numbers: readonly number[]): void {
  const [input, output] = [tiledOf(numbers), tiledOf(numbers.slice(TILED))];
  const rest = numbers.slice(2 * TILED) as [...Six, number, number, number];
  const [filter, transposed, bias, floor, first, count, block, scratch, bytes] = rest;
  const [c, k] = [input.channels, output.channels];
  const x = scratch + member.place * bytes;
  const y = x + PLANES * planeBytes(block * c);
  for (let done = 0; done < count; done += block) {
    const tiles = Math.min(block, count - done);
    const [from, to, next] = [tiles * c, tiles * k, c * k].map(planeBytes) as [
      number,
      number,
      number,
    ];
    toPlanes(member, "input", input, first + done, tiles, x, from);
    for (let p = 0; p < PLANES; p++) {
      const w = filter + p * next;
      const ldw = transposed === 1 ? c : k;
      member.gemm(
        false,
        transposed === 1,
        tiles,
        k,
        c,
        x + p * from,
        c,
        w,
        ldw,
        y + p * to,
        k,
        false,
      );
    }
    toTiles(member, output, first + done, tiles, y, to, bias, floor);
  }
}

/** A kernel's planes: to, bytes of a plane, from, bytes between entries, count. */
export function filterPiece(
  { simd }: Member,
  [to, plane, from, tap, count]: readonly number[],
): void {
  simd.winograd_filter!(to!, plane!, from!, tap!, count!);
}

/** A kernel's gradient from planes: to, bytes between entries, from, bytes of a plane, count. */
export function filterGradientPiece(
  { simd }: Member,
  [to, tap, from, plane, count]: readonly number[],
): void {
  simd.winograd_filter_gradient!(to!, tap!, from!, plane!, count!);
}
