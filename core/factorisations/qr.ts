/**
 * The QR factorisation by Householder's reflections.
 *
 * @module
 */

import type { Block, Layout } from "./block.ts";
import { LANES } from "./kernels.ts";
import type { FactorMemory } from "./memory.ts";
import { reflector } from "./reflector.ts";

/** Room that {@linkcode factorQr} needs beside the matrix: row j is the j-th reflection. */
export function reflectors(layout: Layout, { rows, cols }: Block): Block {
  return layout.block(Math.min(rows, cols), rows);
}

/**
 * Takes an m×n matrix to upper triangular form: R is its upper triangle afterwards, and what is
 * below that is left over.
 *
 * @param a The matrix.
 * @param v Takes the reflections: row j is zero before its j-th number.
 */
export function factorQr(memory: FactorMemory, a: Block, v: Block): void {
  const { numbers, kernels } = memory;
  for (let j = 0; j < v.rows; j++) {
    const own = v.at + j * v.pitch;
    numbers.fill(0, own, own + v.pitch);
    for (let i = j; i < a.rows; i++) numbers[own + i] = numbers[a.at + i * a.pitch + j]!;
    const head = reflector(numbers, own + j, own + a.rows);
    // Whole vectors: of the columns before j + 1, what lies below the diagonal is left over anyway.
    const from = LANES * Math.floor((j + 1) / LANES);
    kernels.reflect_left(
      8 * (a.at + j * a.pitch + from),
      8 * a.pitch,
      a.rows - j,
      8 * (a.width - from),
      8 * (own + j),
    );
    numbers[a.at + j * a.pitch + j] = head;
  }
}

/**
 * Applies H₀ H₁ … to a matrix from the left.
 *
 * @param q The matrix, with as many rows as reflections have numbers. Its first columns may be those
 *   of the identity.
 * @param v Reflections as of {@linkcode factorQr}.
 * @param identity Whether column j is known to be zero from row j + 1 on, so that reflections leave
 *   the columns before their own alone.
 */
export function applyReflectors(
  { kernels }: FactorMemory,
  q: Block,
  v: Block,
  identity = false,
): void {
  for (let j = v.rows - 1; j >= 0; j--) {
    const from = identity ? LANES * Math.floor(j / LANES) : 0;
    kernels.reflect_left(
      8 * (q.at + j * q.pitch + from),
      8 * q.pitch,
      q.rows - j,
      8 * (q.width - from),
      8 * (v.at + j * v.pitch + j),
    );
  }
}
