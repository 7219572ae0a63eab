/**
 * Convolutions as products with patches, for every geometry.
 *
 * @module
 */

import { type Activation, ACTIVATIONS } from "../../engine.ts";
import { type HeapContext, withScratch } from "../context.ts";
import { PER_THREAD, ranges } from "../ranges.ts";
import { isPointwise, patchSize } from "./patch_pieces.ts";
import { type ConvShape, shapeNumbers } from "./shape.ts";

/** Bytes of patches to hold at a time: about a second-level cache. */
const BLOCK_BYTES = 2 ** 20;
/** For the kernel's gradient longer blocks: each reads and writes the whole gradient. */
const LONG_BLOCK_BYTES = 4 * 2 ** 20;
/** Bytes of pixels to treat at a time where patches are pixels. */
const POINT_BYTES = 2 ** 19;

/** Runs a job on ranges of output lines. */
function runLines(
  c: HeapContext,
  s: ConvShape,
  job: string,
  lines: readonly [number, number][],
  bytes: number,
  numbers: (piece: number) => readonly number[],
): void {
  const direct = isPointwise(s);
  const pixel = 4 * (direct ? s.channels + s.outputs : patchSize(s));
  const line = Math.max(1, s.outWidth * pixel);
  const most = Math.floor((direct ? POINT_BYTES : bytes) / line);
  const block = Math.max(1, Math.min(most, lines[0]?.[1] ?? 1));
  const perThread = direct ? 0 : line * block;
  withScratch(c, c.team.threads * perThread, (scratch) => {
    const pieces = lines.map(([first, count], i) => [
      ...shapeNumbers(s),
      ...[first, count, block, scratch, perThread],
      ...numbers(i),
    ]);
    c.team.run(job, pieces);
  });
}

const linesOf = (s: ConvShape): number => s.batch * s.outHeight;

/** y = act(x ∗ w + b); `bias` is the address of b, undefined for none. */
export function patchForward(
  c: HeapContext,
  s: ConvShape,
  x: number,
  w: number,
  y: number,
  bias: number | undefined,
  activation: Activation,
): void {
  const lines = ranges(linesOf(s), c.team.threads * PER_THREAD, 1);
  const number = ACTIVATIONS.indexOf(activation);
  const more = [x, w, y, bias === undefined ? 0 : 1, bias ?? 0, number];
  runLines(c, s, "patch-forward", lines, BLOCK_BYTES, () => more);
}

/** dw = Σ patches(x)ᵀ d. Each thread's share is summed on its own, then the sums are added. */
export function patchFilterGradient(
  c: HeapContext,
  s: ConvShape,
  x: number,
  d: number,
  dw: number,
): void {
  const size = patchSize(s) * s.outputs;
  const lines = ranges(linesOf(s), c.team.threads, 1);
  if (lines.length === 0) return void c.simd.zero!(dw, size);
  withScratch(c, 4 * size * (lines.length - 1), (others) => {
    const place = (i: number) => i === 0 ? dw : others + 4 * size * (i - 1);
    const numbers = (i: number) => [x, d, place(i)];
    runLines(c, s, "patch-filter-gradient", lines, LONG_BLOCK_BYTES, numbers);
    for (let i = 1; i < lines.length; i++) c.simd.add!(dw, dw, place(i), size);
  });
}

/** dx: each patch of d wᵀ is added to the pixels that it came from. */
export function patchInputGradient(
  c: HeapContext,
  s: ConvShape,
  d: number,
  w: number,
  dx: number,
): void {
  const images = ranges(s.batch, c.team.threads * PER_THREAD, 1);
  const lines = images.map(([i, n]): [number, number] => [i * s.outHeight, n * s.outHeight]);
  runLines(c, s, "patch-input-gradient", lines, BLOCK_BYTES, () => [d, w, dx]);
}
