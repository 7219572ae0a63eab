/**
 * Convolutions of images smaller than the kernel: one product with the matrix that maps all of an
 * image's numbers to all of the result's. It leaves out the products with padding, which are most.
 *
 * @module
 */

import { type HeapContext, withScratch } from "../context.ts";
import type { Member } from "../member.ts";
import type { ConvShape } from "./shape.ts";

/** Pixels of a result, at most. */
const MOST_PIXELS = 9;

/** Whether the matrix has fewer entries than patches would have. */
export function suitsUnrolled(s: ConvShape): boolean {
  const [pixels, results] = [s.height * s.width, s.outHeight * s.outWidth];
  return s.groups === 1 && results <= MOST_PIXELS && pixels < s.filterHeight * s.filterWidth;
}

/** Pixels of images and of results, and the kernel's entry that connects two of them. */
function connections(s: ConvShape): { from: number; to: number; tap: number | undefined }[] {
  const along = (
    i: number,
    o: number,
    stride: number,
    dilation: number,
    pad: number,
    n: number,
  ) => {
    const tap = (i + pad - o * stride) / dilation;
    return Number.isInteger(tap) && tap >= 0 && tap < n ? tap : undefined;
  };
  const list = [];
  for (let from = 0; from < s.height * s.width; from++) {
    const [ih, iw] = [Math.floor(from / s.width), from % s.width];
    for (let to = 0; to < s.outHeight * s.outWidth; to++) {
      const [oh, ow] = [Math.floor(to / s.outWidth), to % s.outWidth];
      const kh = along(ih, oh, s.strideHeight, s.dilationHeight, s.padTop, s.filterHeight);
      const kw = along(iw, ow, s.strideWidth, s.dilationWidth, s.padLeft, s.filterWidth);
      const inside = kh !== undefined && kw !== undefined;
      list.push({ from, to, tap: inside ? kh * s.filterWidth + kw : undefined });
    }
  }
  return list;
}

const sizes = (s: ConvShape) => ({
  rows: s.height * s.width * s.channels,
  columns: s.outHeight * s.outWidth * s.outputs,
});

/** Address of the block of the matrix that connects two pixels. */
function blockAt(s: ConvShape, matrix: number, from: number, to: number): number {
  return matrix + 4 * (from * s.channels * sizes(s).columns + to * s.outputs);
}

/** Copies a block, or clears it: to, from (0 clears), rows, width, pitches of both in bytes. */
export function blockPiece({ simd }: Member, numbers: readonly number[]): void {
  const [to, from, rows, width, toPitch, fromPitch] = numbers as Six;
  if (from !== 0) simd.copy_rows!(to, from, rows, width, toPitch, fromPitch);
  else for (let i = 0; i < rows; i++) simd.zero!(to + i * toPitch, width / 4);
}

type Six = [number, number, number, number, number, number];

/** Runs `f` with the address of the matrix. */
function withMatrix(c: HeapContext, s: ConvShape, w: number, f: (matrix: number) => void): void {
  const { rows, columns } = sizes(s);
  withScratch(c, 4 * rows * columns, (matrix) => {
    const pieces = connections(s).map(({ from, to, tap }) => [
      blockAt(s, matrix, from, to),
      tap === undefined ? 0 : w + 4 * tap * s.channels * s.outputs,
      s.channels,
      4 * s.outputs,
      4 * columns,
      4 * s.outputs,
    ]);
    c.team.run("unrolled-block", pieces);
    f(matrix);
  });
}

/** y = x ∗ w. */
export function unrolledForward(
  c: HeapContext,
  s: ConvShape,
  x: number,
  w: number,
  y: number,
): void {
  const { rows, columns } = sizes(s);
  withMatrix(c, s, w, (matrix) => {
    c.gemm(false, false, s.batch, columns, rows, x, rows, matrix, columns, y, columns, false);
  });
}

/** dx. */
export function unrolledInputGradient(
  c: HeapContext,
  s: ConvShape,
  d: number,
  w: number,
  dx: number,
): void {
  const { rows, columns } = sizes(s);
  withMatrix(c, s, w, (matrix) => {
    c.gemm(false, true, s.batch, rows, columns, d, columns, matrix, columns, dx, rows, false);
  });
}

/** Adds the blocks of one entry of the kernel: target, width, rows, pitch of the sources, sources. */
export function sumPiece({ simd }: Member, numbers: readonly number[]): void {
  const [to, width, rows, pitch, ...sources] = numbers as [number, number, number, number];
  simd.zero!(to, rows * width);
  for (const from of sources as number[]) {
    for (let i = 0; i < rows; i++) {
      const line = to + 4 * i * width;
      simd.add!(line, line, from + i * pitch, width);
    }
  }
}

/** dw. */
export function unrolledFilterGradient(
  c: HeapContext,
  s: ConvShape,
  x: number,
  d: number,
  dw: number,
): void {
  const { rows, columns } = sizes(s);
  withScratch(c, 4 * rows * columns, (matrix) => {
    c.gemm(true, false, rows, columns, s.batch, x, rows, d, columns, matrix, columns, false);
    const taps = s.filterHeight * s.filterWidth;
    const blocks = connections(s);
    const pieces = Array.from({ length: taps }, (_, tap) => [
      dw + 4 * tap * s.channels * s.outputs,
      s.outputs,
      s.channels,
      4 * columns,
      ...blocks.filter((b) => b.tap === tap).map(({ from, to }) => blockAt(s, matrix, from, to)),
    ]);
    c.team.run("unrolled-sum", pieces);
  });
}
