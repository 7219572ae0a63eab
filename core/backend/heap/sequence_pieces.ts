/**
 * The pieces of operations on sequences.
 *
 * @module
 */

import type { RotaryPairing } from "../sequences.ts";
import { SMOOTH_FORMS } from "../tfjs/smooth.ts";
import type { Member } from "./member.ts";

/** How pairs may lie; a place in this list is its number. */
export const PAIRINGS: readonly RotaryPairing[] = ["half-split", "interleaved"];

/** The activation: form, y, x, count. */
export function smoothPiece({ simd }: Member, [form, ...rest]: readonly number[]): void {
  simd[`smooth_${SMOOTH_FORMS[form!]}`]!(...rest);
}

/** Its gradient: form, dx, dy, x, count. */
export function smoothGradPiece({ simd }: Member, [form, ...rest]: readonly number[]): void {
  simd[`smooth_grad_${SMOOTH_FORMS[form!]}`]!(...rest);
}

/** Normalised rows: whether about their mean, y, x, scale, shift, rows, columns, ε. */
export function rowNormPiece({ simd }: Member, [centred, ...rest]: readonly number[]): void {
  simd[centred ? "layer_norm" : "rms_norm"]!(...rest);
}

/** Their gradient: whether about their mean, dx, dy, x, scale, dscale, dshift, rows, columns, ε. */
export function rowNormGradPiece({ simd }: Member, [centred, ...rest]: readonly number[]): void {
  simd[centred ? "layer_norm_grad" : "rms_norm_grad"]!(...rest);
}

/** Turned pairs: pairing, y, x, cos, sin, rows, pairs of a row, direction, sequences. */
export function rotaryPiece(
  { simd }: Member,
  [pairing, y, x, cos, sin, rows, pairs, sign, sequences]: readonly number[],
): void {
  const turn = simd[`rotary_${PAIRINGS[pairing!]}`]!;
  const bytes = 8 * rows! * pairs!;
  for (let i = 0; i < sequences!; i++) {
    turn(y! + i * bytes, x! + i * bytes, cos!, sin!, rows!, pairs!, sign!);
  }
}

/**
 * Blocks of rows in another order: to, from, first block, blocks, how many lie along the inner axis,
 * bytes from block to block along the outer and the inner axis, rows of a block, bytes of a row, and
 * from row to row.
 */
export function moveRowsPiece({ simd }: Member, numbers: readonly number[]): void {
  const [to, from, first, count, inner, outerStep, innerStep, rows, width, pitch] = numbers as Ten;
  for (let i = first; i < first + count; i++) {
    const start = from + Math.floor(i / inner) * outerStep + i % inner * innerStep;
    simd.copy_rows!(to + i * rows * width, start, rows, width, width, pitch);
  }
}

type Five = [number, number, number, number, number];
type Ten = [...Five, ...Five];
