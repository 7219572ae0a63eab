/**
 * The thin SVD of matrices with at least as many rows as columns: that of R where they have more.
 *
 * @module
 */

import { type Block, copyUpper, Layout, type Place, read, write } from "./block.ts";
import type { FactorMemory } from "./memory.ts";
import { applyReflectors, factorQr, reflectors } from "./qr.ts";
import { planSvd, squareSvd, type SvdPlan } from "./svd.ts";

/** Where the SVD of an m×n matrix works. */
export interface ThinSvdPlan {
  /** Takes the matrix; overwritten. */
  readonly x: Block;
  /** Reflections of its QR factorisation. */
  readonly v: Block;
  /** The SVD of R, or of the matrix where it is square. */
  readonly square: SvdPlan;
  /** Index after all that it needs. */
  readonly end: number;
}

/** Where its parts go. */
export interface SvdPlaces {
  /** m×n, its columns the left singular vectors; absent where they are not wanted. */
  readonly p?: Place | undefined;
  /** n×n, its columns the right singular vectors; absent where they are not wanted. */
  readonly q?: Place | undefined;
}

/** Room for the SVD of an m×n matrix, m ≥ n, from an index on. */
export function planThinSvd(m: number, n: number, begin = 0): ThinSvdPlan {
  const square = planSvd(n, begin);
  if (m === n) return { x: square.a, v: square.left, square, end: square.end };
  const layout = new Layout(square.end);
  const x = layout.block(m, n);
  const v = reflectors(layout, x);
  return { x, v, square, end: layout.end };
}

/**
 * The thin SVD of a matrix whose entries may be squared without harm.
 *
 * @param plan Where it works.
 * @param x The matrix, m×n with m ≥ n.
 * @param places Where singular vectors go.
 * @returns Singular values, descending; undefined where the iteration did not end.
 */
export function thinSvd(
  memory: FactorMemory,
  plan: ThinSvdPlan,
  x: Place,
  places: SvdPlaces,
): Float64Array | undefined {
  const { numbers } = memory;
  const { square, v } = plan;
  const tall = plan.x !== square.a;
  write(numbers, plan.x, x);
  if (tall) {
    factorQr(memory, plan.x, v);
    copyUpper(numbers, plan.x, square.a);
  }
  const d = squareSvd(memory, square, places);
  if (!d) return undefined;
  const order = Array.from(d.keys()).sort((i, j) => Math.abs(d[j]!) - Math.abs(d[i]!));
  if (places.q) readVectors(numbers, square.vt, order, d, places.q);
  if (places.p && !tall) readVectors(numbers, square.ut, order, undefined, places.p);
  if (places.p && tall) {
    const top = { ...plan.x, rows: square.a.rows };
    numbers.fill(0, plan.x.at, plan.x.at + plan.x.rows * plan.x.pitch);
    sortVectors(numbers, square.ut, order, top);
    applyReflectors(memory, plan.x, v);
    read(numbers, plan.x, places.p);
  }
  return Float64Array.from(order, (i) => Math.abs(d[i]!));
}

/** Rows in an order become the columns of a block. */
function sortVectors(
  numbers: Float64Array,
  { at, rows: n, pitch }: Block,
  order: readonly number[],
  to: Block,
): void {
  for (const [j, place] of order.entries()) {
    const row = at + place * pitch;
    for (let i = 0; i < n; i++) numbers[to.at + i * to.pitch + j] = numbers[row + i]!;
  }
}

/** Rows in an order as columns, each with the sign of a number where there are some. */
function readVectors(
  numbers: Float64Array,
  { at, rows: n, pitch }: Block,
  order: readonly number[],
  signs: Float64Array | undefined,
  { data, at: first = 0, transposed }: Place,
): void {
  const [down, across] = transposed ? [1, n] : [n, 1];
  for (const [j, place] of order.entries()) {
    const row = at + place * pitch;
    const sign = signs && signs[place]! < 0 ? -1 : 1;
    for (let i = 0, k = first + j * across; i < n; i++, k += down) {
      data[k] = sign * numbers[row + i]!;
    }
  }
}
