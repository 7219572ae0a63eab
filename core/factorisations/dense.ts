/**
 * Factorisations of matrices in memory of their own, one at a time.
 *
 * @module
 */

import { withOwnMemory } from "./memory.ts";
import { planThinQr, thinQr } from "./thin_qr.ts";
import { planThinSvd, thinSvd } from "./thin_svd.ts";

/** A row-major matrix without gaps between its rows. */
export interface Dense {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly cols: number;
  /** Numbers, row after row. */
  readonly data: Float64Array;
}

const zeros = (rows: number, cols: number): Dense => ({
  rows,
  cols,
  data: new Float64Array(rows * cols),
});

/**
 * Thin QR factorisation.
 *
 * @param x m×n, k = min(m, n), of entries that may be squared without harm.
 * @returns q m×k with orthonormal columns, whatever the rank of x, and r k×n upper triangular.
 */
export function denseQr(x: Dense): { q: Dense; r: Dense } {
  const k = Math.min(x.rows, x.cols);
  const plan = planThinQr(x.rows, x.cols);
  const [q, r] = [zeros(x.rows, k), zeros(k, x.cols)];
  withOwnMemory(plan.end, (memory) => thinQr(memory, plan, x, { q, r }));
  return { q, r };
}

/**
 * Thin SVD.
 *
 * @param x m×n, m ≥ n, of entries that may be squared without harm.
 * @returns p m×n, sigma descending, q n×n; undefined where the iteration did not end.
 */
export function denseSvd(x: Dense): { p: Dense; sigma: Float64Array; q: Dense } | undefined {
  const plan = planThinSvd(x.rows, x.cols);
  const [p, q] = [zeros(x.rows, x.cols), zeros(x.cols, x.cols)];
  const sigma = withOwnMemory(plan.end, (memory) => thinSvd(memory, plan, x, { p, q }));
  return sigma && { p, sigma, q };
}
