/**
 * The pieces of products with every pixel.
 *
 * @module
 */

import type { Member } from "../member.ts";

/** Bytes of pixels that a thread treats at a time: they stay in its cache. */
const BLOCK_BYTES = 2 ** 19;

/**
 * [known | x M] in rows first … first + count − 1: first, count, known columns, inputs, columns,
 * y, known, x, m.
 */
export function joinPiece({ simd, gemm }: Member, numbers: readonly number[]): void {
  const [first, count, before, inputs, columns, y, known, x, m] = numbers as Nine;
  const width = before + columns;
  const block = Math.max(1, Math.floor(BLOCK_BYTES / (4 * (inputs + width))));
  for (let row = first; row < first + count; row += block) {
    const rows = Math.min(block, first + count - row);
    const [to, old, from] = [y + 4 * row * width, known + 4 * row * before, x + 4 * row * inputs];
    simd.copy_rows!(to, old, rows, 4 * before, 4 * width, 4 * before);
    const target = to + 4 * before;
    gemm(false, false, rows, columns, inputs, from, inputs, m, columns, target, width, false);
  }
}

type Nine = [number, number, number, number, number, number, number, number, number];
