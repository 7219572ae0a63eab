/**
 * Winograd's convolution F(4×4, 3×3) for 3×3 kernels that move pixel by pixel: a quarter of the
 * products, for errors of about 1e-6 in place of 3e-7.
 *
 * @module
 */

import { PLANES, TILE_OUT } from "../../simd/winograd.ts";
import { type HeapContext, withScratch } from "../context.ts";
import { gemmNumbers } from "../gemm.ts";
import { PER_THREAD, ranges } from "../ranges.ts";
import type { ConvShape } from "./shape.ts";
import { planeBytes, type Tiled, tiledNumbers } from "./winograd_pieces.ts";

/** Bytes of transformed tiles that a thread works on at a time: about a second-level cache. */
const BLOCK_BYTES = 0.75 * 2 ** 20;
/** Fewer rows than these make slow products. */
const LEAST_TILES = 32;
/** Bytes of transformed kernels beyond which they should be read once for all tiles. */
const LARGE_FILTER = 6 * 2 ** 20;
/** Tiles that all threads share at a time: so many bytes, and no fewer tiles than these. */
const SHARED_BYTES = 2 * 2 ** 20;
const LEAST_SHARED = 128;
/** Products of the channels up to which a transposed kernel is worth its copy. */
const MOST_TRANSPOSED = 2 ** 15;
/** Fewer channels than these leave the transforms more to do than the products save. */
const LEAST_CHANNELS = 12;

/** Whether the transforms pay. */
export function suitsWinograd(s: ConvShape): boolean {
  const square = s.filterHeight === 3 && s.filterWidth === 3;
  const plain = s.strideHeight * s.strideWidth * s.dilationHeight * s.dilationWidth === 1;
  if (!square || !plain || s.groups !== 1) return false;
  if (Math.min(s.channels, s.outputs) < LEAST_CHANNELS) return false;
  // With wider padding there would be tiles without a pixel of the image.
  const below = s.outHeight + 2 - s.height - s.padTop;
  const behind = s.outWidth + 2 - s.width - s.padLeft;
  if (Math.max(s.padTop, s.padLeft, below, behind) > 2) return false;
  const tiles = Math.ceil(s.outHeight / TILE_OUT) * Math.ceil(s.outWidth / TILE_OUT);
  return PLANES * tiles < 0.6 * 9 * s.outHeight * s.outWidth;
}

/** A convolution as tiles: what is read, what is written, and the kernel's planes. */
interface Problem {
  readonly input: Tiled;
  readonly output: Tiled;
  readonly tiles: number;
  /** Whether the planes are those of the transposed product. */
  readonly transposed: boolean;
  /** Address of the bias, of zeros where there is none. */
  readonly bias: number;
  readonly floor: number;
}

/** Tiles of the images at an address. */
function tiled(
  s: ConvShape,
  images: number,
  side: "in" | "out",
  above: number,
  before: number,
  down: number,
  across: number,
): Tiled {
  const size = side === "in"
    ? { height: s.height, width: s.width, channels: s.channels }
    : { height: s.outHeight, width: s.outWidth, channels: s.outputs };
  return { images, ...size, above, before, down, across };
}

/** How many tiles of the output lie above and beside each other. */
function gridOf(height: number, width: number): [number, number] {
  return [Math.ceil(height / TILE_OUT), Math.ceil(width / TILE_OUT)];
}

/**
 * y = max(x ∗ w + b, floor).
 *
 * @param bias Address of the bias; undefined for none.
 * @param floor −∞ where there is none.
 */
export function winogradForward(
  c: HeapContext,
  s: ConvShape,
  x: number,
  w: number,
  y: number,
  bias: number | undefined,
  floor: number,
): void {
  const [down, across] = gridOf(s.outHeight, s.outWidth);
  const input = tiled(s, x, "in", s.padTop, s.padLeft, down, across);
  const output = tiled(s, y, "out", 0, 0, down, across);
  const tiles = s.batch * down * across;
  withZeros(c, bias === undefined ? s.outputs : 0, (zeros) => {
    const more = { transposed: false, bias: bias ?? zeros, floor };
    convolve(c, { input, output, tiles, ...more }, w, false);
  });
}

/** dx: the gradient in the images is d ∗ w with the kernel turned round and transposed. */
export function winogradInputGradient(
  c: HeapContext,
  s: ConvShape,
  d: number,
  w: number,
  dx: number,
): void {
  const [down, across] = gridOf(s.height, s.width);
  const input = tiled(s, d, "out", 2 - s.padTop, 2 - s.padLeft, down, across);
  const output = tiled(s, dx, "in", 0, 0, down, across);
  const tiles = s.batch * down * across;
  withZeros(c, s.channels, (bias) => {
    const problem = { input, output, tiles, bias, floor: -Infinity };
    const turned = (transposed: boolean) => (at: number) =>
      convolve(c, { ...problem, transposed }, at, true);
    if (s.channels * s.outputs > MOST_TRANSPOSED) turned(true)(w);
    else withTransposed(c, w, s.channels, s.outputs, turned(false));
  });
}

function withZeros(c: HeapContext, count: number, f: (at: number) => void): void {
  withScratch(c, 4 * count, (at) => {
    c.simd.zero!(at, count);
    f(at);
  });
}

function convolve(c: HeapContext, problem: Problem, w: number, flipped: boolean): void {
  const size = problem.input.channels * problem.output.channels;
  const bytes = PLANES * planeBytes(size);
  withScratch(c, bytes, (filter) => {
    transformFilter(c, w, filter, size, flipped);
    if (bytes > LARGE_FILTER) convolveInSteps(c, problem, filter);
    else convolveInBlocks(c, problem, filter);
  });
}

function transformFilter(
  { team }: HeapContext,
  w: number,
  filter: number,
  size: number,
  flipped: boolean,
): void {
  const [first, tap] = flipped ? [w + 4 * 8 * size, -4 * size] : [w, 4 * size];
  const pieces = ranges(size, team.threads * PER_THREAD, 256).map(([i, count]) => [
    filter + 4 * i,
    planeBytes(size),
    first + 4 * i,
    tap,
    count,
  ]);
  team.run("winograd-filter", pieces);
}

/** Runs `f` with the address of a kernel whose entries are transposed. */
function withTransposed(
  c: HeapContext,
  w: number,
  rows: number,
  columns: number,
  f: (w: number) => void,
): void {
  const bytes = 4 * rows * columns;
  withScratch(c, 9 * bytes, (to) => {
    const pieces = Array.from(
      { length: 9 },
      (_, i) => [to + i * bytes, w + i * bytes, rows, columns],
    );
    c.team.run("transpose", pieces);
    f(to);
  });
}

/** Each thread takes its tiles through all steps, block by block. */
function convolveInBlocks(c: HeapContext, p: Problem, filter: number): void {
  const { team } = c;
  const perTile = 4 * PLANES * (p.input.channels + p.output.channels);
  const fitting = Math.max(LEAST_TILES, 16 * Math.floor(BLOCK_BYTES / perTile / 16));
  const pieces = ranges(p.tiles, team.threads * PER_THREAD, 1);
  const block = Math.min(fitting, pieces[0]![1]);
  const bytes = PLANES *
    (planeBytes(block * p.input.channels) + planeBytes(block * p.output.channels));
  withScratch(c, team.threads * bytes, (scratch) => {
    team.run(
      "winograd-block",
      pieces.map(([first, count]) => [
        ...tiledNumbers(p.input),
        ...tiledNumbers(p.output),
        filter,
        p.transposed ? 1 : 0,
        p.bias,
        p.floor,
        first,
        count,
        block,
        scratch,
        bytes,
      ]),
    );
  });
}

/** Tiles that all threads share at a time, in equal blocks. */
function sharedBlock(tiles: number, numbers: number): number {
  const most = Math.max(LEAST_SHARED, Math.floor(SHARED_BYTES / (4 * PLANES * numbers)));
  return Math.ceil(tiles / Math.ceil(tiles / most));
}

/** All threads take step after step together, so that each plane of the kernel is read once. */
function convolveInSteps(c: HeapContext, p: Problem, filter: number): void {
  const [inputs, outputs] = [p.input.channels, p.output.channels];
  const block = sharedBlock(p.tiles, inputs + outputs);
  const [left, right] = [planeBytes(block * inputs), planeBytes(block * outputs)];
  const next = planeBytes(inputs * outputs);
  const ldw = p.transposed ? inputs : outputs;
  withScratch(c, PLANES * (left + right), (x) => {
    const y = x + PLANES * left;
    for (let first = 0; first < p.tiles; first += block) {
      const count = Math.min(block, p.tiles - first);
      planesOf(c, 0, p.input, first, count, x, left);
      multiplyPlanes(c, (i) => {
        const [from, w, to] = [x + i * left, filter + i * next, y + i * right];
        return gemmNumbers(
          ...[false, p.transposed, count, outputs, inputs] as const,
          ...[from, inputs, w, ldw, to, outputs, false] as const,
        );
      });
      const pieces = ranges(count, c.team.threads * PER_THREAD, 1).map(([i, n]) => [
        ...[...tiledNumbers(p.output), first + i, n, y + 4 * i * outputs],
        ...[right, p.bias, p.floor],
      ]);
      c.team.run("winograd-tiles", pieces);
    }
  });
}

/** Transforms tiles to planes of `count` rows each. */
function planesOf(
  { team }: HeapContext,
  kind: 0 | 1,
  t: Tiled,
  first: number,
  count: number,
  planes: number,
  stride: number,
): void {
  const pieces = ranges(count, team.threads * PER_THREAD, 1).map(([i, n]) => [
    kind,
    ...tiledNumbers(t),
    first + i,
    n,
    planes + 4 * i * t.channels,
    stride,
  ]);
  team.run("winograd-planes", pieces);
}

function multiplyPlanes({ team }: HeapContext, product: (plane: number) => number[]): void {
  team.run("gemm", Array.from({ length: PLANES }, (_, i) => product(i)));
}

/** dw = Gᵀ(Σ over tiles of (A d) ∘ (Bᵀ x)). */
export function winogradFilterGradient(
  c: HeapContext,
  s: ConvShape,
  x: number,
  d: number,
  dw: number,
): void {
  const [down, across] = gridOf(s.outHeight, s.outWidth);
  const input = tiled(s, x, "in", s.padTop, s.padLeft, down, across);
  const upstream = tiled(s, d, "out", 0, 0, down, across);
  const tiles = s.batch * down * across;
  const [m, n] = [s.channels, s.outputs];
  const block = sharedBlock(tiles, m + n);
  const [stride, other, sum] = [planeBytes(block * m), planeBytes(block * n), planeBytes(m * n)];
  withScratch(c, PLANES * (stride + other + sum), (sums) => {
    const left = sums + PLANES * sum;
    const right = left + PLANES * stride;
    for (let first = 0; first < tiles; first += block) {
      const count = Math.min(block, tiles - first);
      planesOf(c, 0, input, first, count, left, stride);
      planesOf(c, 1, upstream, first, count, right, other);
      multiplyPlanes(c, (i) => {
        const [a, b, to] = [left + i * stride, right + i * other, sums + i * sum];
        return gemmNumbers(true, false, m, n, count, a, m, b, n, to, n, first > 0);
      });
    }
    filterGradientOf(c, sums, dw, m * n);
  });
}

function filterGradientOf({ team }: HeapContext, sums: number, dw: number, size: number): void {
  const pieces = ranges(size, team.threads * PER_THREAD, 256).map(([i, count]) => [
    ...[dw + 4 * i, 4 * size, sums + 4 * i, planeBytes(size), count],
  ]);
  team.run("winograd-filter-gradient", pieces);
}
