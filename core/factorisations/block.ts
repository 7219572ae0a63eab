/**
 * Matrices in a memory, and the way into it and out of it.
 *
 * @module
 */

import { LANES } from "./kernels.ts";

/** A row-major matrix in a memory. */
export interface Block {
  /** Index of its first number. */
  readonly at: number;
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly cols: number;
  /** Columns that kernels touch: those after the last one are zero. */
  readonly width: number;
  /** Numbers from one row to the next. */
  readonly pitch: number;
}

/** Numbers in either precision. */
export type Numbers = Float64Array | Float32Array;

/** A row-major matrix without gaps between its rows, somewhere in an array. */
export interface Place {
  /** The array. */
  readonly data: Numbers;
  /** Index of its first number; default 0. */
  readonly at?: number;
  /** Whether it is the transpose of what is meant; default false. */
  readonly transposed?: boolean;
}

/** Numbers of a line of the cache. */
const LINE = 8;

/** Rows of an odd number of lines: a column of the matrix does not crowd into a part of the cache. */
function pitchOf(width: number): number {
  const lines = Math.ceil(width / LINE);
  return lines < LINE / 2 ? width : LINE * (lines + 1 - lines % 2);
}

/** Places matrices one after the other. */
export class Layout {
  /** Index after the last one. */
  end: number;

  /** Begins at an index. */
  constructor(begin = 0) {
    this.end = begin;
  }

  /** Room for a matrix. */
  block(rows: number, cols: number): Block {
    const width = LANES * Math.ceil(cols / LANES);
    const pitch = pitchOf(width);
    const block = { at: this.end, rows, cols, width, pitch };
    this.end += rows * pitch;
    return block;
  }
}

/** Indices of entry (0, 0) and steps along a column and a row. */
function walk(
  { at = 0, transposed = false }: Place,
  { rows, cols }: Block,
): [number, number, number] {
  return transposed ? [at, 1, rows] : [at, cols, 1];
}

/** Fills a block. */
export function write(numbers: Float64Array, block: Block, from: Place): void {
  const { at, rows, cols, width, pitch } = block;
  const { data } = from;
  const [first, down, across] = walk(from, block);
  for (let i = 0; i < rows; i++) {
    const row = at + i * pitch;
    for (let j = 0, k = first + i * down; j < cols; j++, k += across) numbers[row + j] = data[k]!;
    numbers.fill(0, row + cols, row + width);
  }
}

/** Fills a block with the first columns of the identity. */
export function writeIdentity(numbers: Float64Array, { at, rows, cols, pitch }: Block): void {
  numbers.fill(0, at, at + rows * pitch);
  for (let i = 0; i < Math.min(rows, cols); i++) numbers[at + i * (pitch + 1)] = 1;
}

/** Reads a block. */
export function read(numbers: Float64Array, block: Block, to: Place): void {
  const { at, rows, cols, pitch } = block;
  const { data } = to;
  const [first, down, across] = walk(to, block);
  for (let i = 0; i < rows; i++) {
    const row = at + i * pitch;
    for (let j = 0, k = first + i * down; j < cols; j++, k += across) data[k] = numbers[row + j]!;
  }
}

/** Copies the upper triangle of the first rows; zeros below it. */
export function copyUpper(numbers: Float64Array, from: Block, to: Block): void {
  numbers.fill(0, to.at, to.at + to.rows * to.pitch);
  for (let i = 0; i < to.rows; i++) {
    const row = from.at + i * from.pitch;
    numbers.copyWithin(to.at + i * (to.pitch + 1), row + i, row + from.cols);
  }
}
