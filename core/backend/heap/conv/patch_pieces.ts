/**
 * The pieces of convolutions as products with patches: patches of the images become rows of a
 * matrix, a block at a time that stays in a core's cache.
 *
 * @module
 */

import { ACTIVATIONS } from "../../engine.ts";
import { GEOMETRY } from "../../simd/conv.ts";
import type { Member } from "../member.ts";
import { type ConvShape, SHAPE_NUMBERS, shapeOf } from "./shape.ts";

/** Whether patches are pixels: then the images are the matrix of their patches. */
export function isPointwise(s: ConvShape): boolean {
  const ones = s.filterHeight * s.filterWidth * s.strideHeight * s.strideWidth;
  return ones === 1 && s.outHeight === s.height && s.outWidth === s.width &&
    s.padTop + s.padLeft === 0;
}

/** Columns of the matrix of patches, for one group. */
export function patchSize(s: ConvShape): number {
  return s.filterHeight * s.filterWidth * s.channels / s.groups;
}

/** Output lines of all images are counted through: a segment lies within one image. */
interface Segment {
  readonly image: number;
  readonly line: number;
  readonly lines: number;
}

/** The segments of lines first … first + count − 1. */
function segments(s: ConvShape, first: number, count: number): Segment[] {
  const list: Segment[] = [];
  for (let at = first; at < first + count;) {
    const image = Math.floor(at / s.outHeight);
    const line = at - image * s.outHeight;
    const lines = Math.min(s.outHeight - line, first + count - at);
    list.push({ image, line, lines });
    at += lines;
  }
  return list;
}

/** What the SIMD kernels need to know about some lines of an image's output. */
function geometryOf(s: ConvShape, { line, lines }: Segment): number[] {
  const named: Record<typeof GEOMETRY[number], number> = {
    ...s,
    channels: s.channels / s.groups,
    pitch: s.channels,
    outHeight: lines,
    padTop: s.padTop - line * s.strideHeight,
  };
  return GEOMETRY.map((name) => named[name]);
}

/** Calls `f` for each segment with the addresses of its patches and of its image's group. */
function eachSegment(
  s: ConvShape,
  x: number,
  rows: number,
  first: number,
  count: number,
  f: (patches: number, image: number, geometry: number[]) => void,
): void {
  const image = 4 * s.height * s.width * s.channels;
  const line = 4 * s.outWidth * patchSize(s);
  let to = rows;
  for (const segment of segments(s, first, count)) {
    f(to, x + segment.image * image, geometryOf(s, segment));
    to += segment.lines * line;
  }
}

/** The patches of a block as a matrix: its address and the numbers from row to row. */
function patches(
  member: Member,
  s: ConvShape,
  x: number,
  rows: number,
  first: number,
  count: number,
): { at: number; ld: number } {
  if (isPointwise(s)) return { at: x + 4 * first * s.outWidth * s.channels, ld: s.channels };
  eachSegment(s, x, rows, first, count, (to, image, geometry) => {
    member.simd.image_to_rows!(to, image, ...geometry);
  });
  return { at: rows, ld: patchSize(s) };
}

/** Where a piece works: lines first … first + count − 1, `block` at a time, in scratch memory. */
interface Range {
  readonly first: number;
  readonly count: number;
  readonly block: number;
  readonly rows: number;
}

function rangeOf(member: Member, numbers: readonly number[]): Range {
  const [first, count, block, scratch, bytes] = numbers as [number, number, number, number, number];
  return { first, count, block, rows: scratch + member.place * bytes };
}

/** Numbers of a range: first line, lines, lines of a block, scratch memory, its bytes a thread. */
const RANGE = 5;

function eachBlock(r: Range, f: (first: number, count: number) => void): void {
  for (let done = 0; done < r.count; done += r.block) {
    f(r.first + done, Math.min(r.block, r.count - done));
  }
}

/**
 * y = act(x ∗ w + b): shape…, range…, x, w, y, whether there is a bias, bias, number of the
 * activation.
 */
export function forwardPiece(member: Member, numbers: readonly number[]): void {
  const s = shapeOf(numbers);
  const r = rangeOf(member, numbers.slice(SHAPE_NUMBERS));
  const [x, w, y, biased, bias, activation] = numbers.slice(SHAPE_NUMBERS + RANGE) as Six;
  const [inputs, outputs] = [s.channels / s.groups, s.outputs / s.groups];
  const name = ACTIVATIONS[activation]!;
  eachBlock(r, (first, count) => {
    const m = count * s.outWidth;
    const to = y + 4 * first * s.outWidth * s.outputs;
    for (let g = 0; g < s.groups; g++) {
      const { at, ld } = patches(member, s, x + 4 * g * inputs, r.rows, first, count);
      const [from, target] = [w + 4 * g * outputs, to + 4 * g * outputs];
      const k = patchSize(s);
      member.gemm(false, false, m, outputs, k, at, ld, from, s.outputs, target, s.outputs, false);
    }
    if (biased === 1) member.simd[`bias_${name}`]!(to, bias, m, s.outputs);
    else if (name !== "identity") member.simd[`activate_${name}`]!(to, to, m * s.outputs);
  });
}

type Six = [number, number, number, number, number, number];

/** dw += Σ patches(x)ᵀ d from zero: shape…, range…, x, d, dw. */
export function filterGradientPiece(member: Member, numbers: readonly number[]): void {
  const s = shapeOf(numbers);
  const r = rangeOf(member, numbers.slice(SHAPE_NUMBERS));
  const [x, d, dw] = numbers.slice(SHAPE_NUMBERS + RANGE) as Six;
  const [inputs, outputs] = [s.channels / s.groups, s.outputs / s.groups];
  eachBlock(r, (first, count) => {
    const k = count * s.outWidth;
    for (let g = 0; g < s.groups; g++) {
      const { at, ld } = patches(member, s, x + 4 * g * inputs, r.rows, first, count);
      const up = d + 4 * (first * s.outWidth * s.outputs + g * outputs);
      const to = dw + 4 * g * outputs;
      const m = patchSize(s);
      const add = first > r.first;
      member.gemm(true, false, m, outputs, k, at, ld, up, s.outputs, to, s.outputs, add);
    }
  });
}

/**
 * dx: each patch of d wᵀ is added to the pixels that it came from: shape…, range…, d, w, dx. The
 * lines of a range are those of whole images.
 */
export function inputGradientPiece(member: Member, numbers: readonly number[]): void {
  const s = shapeOf(numbers);
  const r = rangeOf(member, numbers.slice(SHAPE_NUMBERS));
  const [d, w, dx] = numbers.slice(SHAPE_NUMBERS + RANGE) as Six;
  const direct = isPointwise(s);
  if (!direct) clearImages(member, s, r, dx);
  const [inputs, outputs] = [s.channels / s.groups, s.outputs / s.groups];
  eachBlock(r, (first, count) => {
    const m = count * s.outWidth;
    for (let g = 0; g < s.groups; g++) {
      const up = d + 4 * (first * s.outWidth * s.outputs + g * outputs);
      const from = w + 4 * g * outputs;
      const n = patchSize(s);
      const images = dx + 4 * g * inputs;
      const [to, ld] = direct
        ? [images + 4 * first * s.outWidth * s.channels, s.channels]
        : [r.rows, n];
      member.gemm(false, true, m, n, outputs, up, s.outputs, from, s.outputs, to, ld, false);
      if (!direct) {
        eachSegment(s, images, r.rows, first, count, (rows, image, geometry) => {
          member.simd.rows_to_image!(rows, image, ...geometry);
        });
      }
    }
  });
}

function clearImages({ simd }: Member, s: ConvShape, r: Range, dx: number): void {
  const image = s.height * s.width * s.channels;
  const first = r.first / s.outHeight;
  simd.zero!(dx + 4 * first * image, image * r.count / s.outHeight);
}
