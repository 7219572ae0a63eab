/**
 * The pieces of passes over rows: element-wise work whose coefficients belong to columns.
 *
 * @module
 */

import { ACTIVATIONS } from "../engine.ts";
import type { Member } from "./member.ts";

/** Statistics of blocks of rows: x, rows, columns, block, centres, sums, squares. */
export function momentsPiece(
  { simd }: Member,
  [x, rows, columns, block, ...results]: readonly number[],
): void {
  for (let first = 0, i = 0; first < rows!; first += block!, i++) {
    const count = Math.min(block!, rows! - first);
    const to = results.map((at) => at + 4 * i * columns!);
    simd.block_moments!(x! + 4 * first * columns!, count, columns!, ...to);
  }
}

/** act(x scale + shift): activation, y, x, scale, shift, rows, columns. */
export function affinePiece({ simd }: Member, [name, ...rest]: readonly number[]): void {
  simd[`affine_${ACTIVATIONS[name!]}`]!(...rest);
}

/** Σ d and Σ d (x − mean): activation, dy, y, x, mean, rows, columns, sums, products. */
export function normSumsPiece({ simd }: Member, [name, ...rest]: readonly number[]): void {
  simd[`norm_sums_${ACTIVATIONS[name!]}`]!(...rest);
}

/** The gradient in x: activation, dx, dy, y, x, coefficients, rows, columns. */
export function normGradPiece({ simd }: Member, [name, ...rest]: readonly number[]): void {
  simd[`norm_grad_${ACTIVATIONS[name!]}`]!(...rest);
}

/** d = dy ∘ act′(y): activation, d, dy, y, count. */
export function gradPiece({ simd }: Member, [name, ...rest]: readonly number[]): void {
  simd[`grad_${ACTIVATIONS[name!]}`]!(...rest);
}

/** The same with column sums: activation, d, dy, y, sums, rows, columns. */
export function gradSumsPiece({ simd }: Member, [name, ...rest]: readonly number[]): void {
  simd[`grad_sums_${ACTIVATIONS[name!]}`]!(...rest);
}

/** Writes each of `count` rows `times` times: to, from, count, times, bytes of a row. */
export function repeatPiece(
  { simd }: Member,
  [to, from, count, times, bytes]: readonly number[],
): void {
  for (let i = 0; i < count!; i++) {
    simd.copy_rows!(to! + i * times! * bytes!, from! + i * bytes!, times!, bytes!, bytes!, 0);
  }
}
