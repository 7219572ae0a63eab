/**
 * Factorisations of matrices in memory of their own, one at a time.
 *
 * @module
 */

import { type Block, Layout, OwnMemory } from "./memory.ts";
import { applyReflectors, factorQr, reflectors } from "./qr.ts";
import { planSvd, squareSvd, type SvdPlan } from "./svd.ts";

/** A row-major matrix without gaps between its rows. */
export interface Dense {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly cols: number;
  /** Numbers, row after row. */
  readonly data: Float64Array;
}

/** Numbers of memory that are kept for the next call: 32 MiB. */
const KEPT = 2 ** 22;

let kept: OwnMemory | undefined;

/** Runs `work` on memory of so many numbers. */
function withMemory<T>(count: number, work: (memory: OwnMemory) => T): T {
  const memory = kept ?? new OwnMemory();
  kept = memory;
  memory.reserve(count);
  try {
    return work(memory);
  } finally {
    if (memory.numbers.length > KEPT) kept = undefined;
  }
}

/**
 * Thin QR factorisation.
 *
 * @param x m×n, k = min(m, n), of entries that may be squared without harm.
 * @returns q m×k with orthonormal columns, whatever the rank of x, and r k×n upper triangular.
 */
export function denseQr(x: Dense): { q: Dense; r: Dense } {
  const k = Math.min(x.rows, x.cols);
  const layout = new Layout();
  const a = layout.block(x.rows, x.cols);
  const v = reflectors(layout, a);
  const q = layout.block(x.rows, k);
  return withMemory(layout.end, (memory) => {
    write(memory, a, x);
    factorQr(memory, a, v);
    writeIdentity(memory, q);
    applyReflectors(memory, q, v, true);
    const r = read(memory, { ...a, rows: k });
    for (let i = 0; i < k; i++) r.data.fill(0, i * r.cols, i * r.cols + i);
    return { q: read(memory, q), r };
  });
}

/**
 * Thin SVD.
 *
 * @param x m×n, m ≥ n, of entries that may be squared without harm.
 * @returns p m×n, sigma descending, q n×n; undefined where the iteration did not end.
 */
export function denseSvd(x: Dense): { p: Dense; sigma: Float64Array; q: Dense } | undefined {
  const { rows: m, cols: n } = x;
  const plan = planSvd(n);
  if (m === n) {
    return withMemory(plan.end, (memory) => {
      write(memory, plan.a, x);
      return factorsOf(memory, plan);
    });
  }
  const layout = new Layout(plan.end);
  const a = layout.block(m, n);
  const v = reflectors(layout, a);
  return withMemory(layout.end, (memory) => {
    write(memory, a, x);
    factorQr(memory, a, v);
    copyUpper(memory, a, plan.a);
    const inner = factorsOf(memory, plan);
    if (!inner) return undefined;
    // What the QR factorisation has left there is not needed any more.
    memory.numbers.fill(0, a.at, a.at + a.rows * a.pitch);
    write(memory, a, inner.p);
    applyReflectors(memory, a, v);
    return { ...inner, p: read(memory, a) };
  });
}

function factorsOf(
  memory: OwnMemory,
  plan: SvdPlan,
): { p: Dense; sigma: Float64Array; q: Dense } | undefined {
  const d = squareSvd(memory, plan);
  if (!d) return undefined;
  const order = Array.from(d.keys()).sort((i, j) => Math.abs(d[j]!) - Math.abs(d[i]!));
  return {
    p: readTransposed(memory, plan.ut, order),
    sigma: Float64Array.from(order, (i) => Math.abs(d[i]!)),
    q: readTransposed(memory, plan.vt, order, d),
  };
}

function write({ numbers }: OwnMemory, { at, pitch }: Block, x: Dense): void {
  for (let i = 0; i < x.rows; i++) {
    const row = at + i * pitch;
    for (let j = 0; j < x.cols; j++) numbers[row + j] = x.data[i * x.cols + j]!;
    numbers.fill(0, row + x.cols, row + pitch);
  }
}

function writeIdentity({ numbers }: OwnMemory, { at, rows, cols, pitch }: Block): void {
  numbers.fill(0, at, at + rows * pitch);
  for (let i = 0; i < Math.min(rows, cols); i++) numbers[at + i * (pitch + 1)] = 1;
}

function copyUpper({ numbers }: OwnMemory, from: Block, to: Block): void {
  numbers.fill(0, to.at, to.at + to.rows * to.pitch);
  for (let i = 0; i < to.rows; i++) {
    const row = from.at + i * from.pitch;
    numbers.copyWithin(to.at + i * (to.pitch + 1), row + i, row + from.cols);
  }
}

function read({ numbers }: OwnMemory, { at, rows, cols, pitch }: Block): Dense {
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) data[i * cols + j] = numbers[at + i * pitch + j]!;
  }
  return { rows, cols, data };
}

/** Rows in an order as columns, each with the sign of a number where there are some. */
function readTransposed(
  { numbers }: OwnMemory,
  { at, rows: n, pitch }: Block,
  order: readonly number[],
  signs?: Float64Array,
): Dense {
  const data = new Float64Array(n * n);
  for (const [j, place] of order.entries()) {
    const row = at + place * pitch;
    const sign = signs && signs[place]! < 0 ? -1 : 1;
    for (let i = 0; i < n; i++) data[i * n + j] = sign * numbers[row + i]!;
  }
  return { rows: n, cols: n, data };
}
