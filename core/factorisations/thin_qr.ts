/**
 * The thin QR factorisation.
 *
 * @module
 */

import { type Block, Layout, type Place, read, write, writeIdentity } from "./block.ts";
import type { FactorMemory } from "./memory.ts";
import { applyReflectors, factorQr, reflectors } from "./qr.ts";

/** Where the QR factorisation of an m×n matrix works. */
export interface ThinQrPlan {
  /** Takes the matrix, and R. */
  readonly x: Block;
  /** Reflections. */
  readonly v: Block;
  /** Takes Q, m×k. */
  readonly q: Block;
  /** Index after all that it needs. */
  readonly end: number;
}

/** Room for the QR factorisation of an m×n matrix from an index on. */
export function planThinQr(m: number, n: number, begin = 0): ThinQrPlan {
  const layout = new Layout(begin);
  const x = layout.block(m, n);
  const v = reflectors(layout, x);
  const q = layout.block(m, Math.min(m, n));
  return { x, v, q, end: layout.end };
}

/**
 * The thin QR factorisation of a matrix whose entries may be squared without harm, k = min(m, n).
 *
 * @param plan Where it works.
 * @param from The matrix, m×n.
 * @param to Where Q goes, m×k with orthonormal columns whatever the rank, and R, k×n.
 */
export function thinQr(
  memory: FactorMemory,
  { x, v, q }: ThinQrPlan,
  from: Place,
  to: { readonly q: Place; readonly r: Place },
): void {
  const { numbers } = memory;
  write(numbers, x, from);
  factorQr(memory, x, v);
  writeIdentity(numbers, q);
  applyReflectors(memory, q, v, true);
  read(numbers, q, to.q);
  for (let i = 1; i < q.cols; i++) numbers.fill(0, x.at + i * x.pitch, x.at + i * x.pitch + i);
  read(numbers, { ...x, rows: q.cols }, to.r);
}
