/**
 * Singular values and vectors by Golub's and Kahan's way: reflections to bidiagonal form, then
 * implicit QR steps, whose rotations are applied a step at a time.
 *
 * @module
 */

import { diagonalise, STEPS_PER_VALUE, type Turns } from "./golub_kahan.ts";
import { LANES } from "./kernels.ts";
import { type Block, Layout } from "./block.ts";
import type { FactorMemory } from "./memory.ts";
import { reflector } from "./reflector.ts";

/** Steps whose turns are done together, while a part of the vectors is in the first-level cache. */
const LOGGED = 16;

/** Where the SVD of a square matrix works. */
export interface SvdPlan {
  /** The matrix, n×n; overwritten. */
  readonly a: Block;
  /** Left singular vectors, one in each row, in no order. */
  readonly ut: Block;
  /** Right singular vectors, in the same way. */
  readonly vt: Block;
  /** Reflections from the left: row j is zero before its j-th number. */
  readonly left: Block;
  /** Reflections from the right: row j is zero before its j + 1-st number. */
  readonly right: Block;
  /** A row for what a reflection takes out of each row. */
  readonly along: Block;
  /** Turns that wait: a row for left vectors, and one for right ones. */
  readonly logs: Block;
  /** Index after all that it needs. */
  readonly end: number;
}

/** Which vectors are wanted: those of a side that is there. */
export interface Wanted {
  /** Left ones. */
  readonly p?: unknown;
  /** Right ones. */
  readonly q?: unknown;
}

/** Room for the SVD of an n×n matrix. */
export function planSvd(n: number, begin = 0): SvdPlan {
  const layout = new Layout(begin);
  const [a, ut, vt, left, right] = [0, 0, 0, 0, 0].map(() => layout.block(n, n)) as [
    Block,
    Block,
    Block,
    Block,
    Block,
  ];
  const [along, logs] = [layout.block(1, n), layout.block(2, LOGGED * (2 * n + 2))];
  return { a, ut, vt, left, right, along, logs, end: layout.end };
}

/**
 * The SVD of a square matrix whose entries may be squared without harm. Errors in singular values
 * are round-off of the largest.
 *
 * @param plan Where the matrix is, and where the vectors go.
 * @param wanted The vectors that are computed.
 * @param stepsPerValue Bound of the iteration; default 30.
 * @returns Singular values with a sign, each that of the rows of the same index; undefined where the
 *   iteration did not end within its bound.
 */
export function squareSvd(
  memory: FactorMemory,
  plan: SvdPlan,
  wanted: Wanted,
  stepsPerValue: number = STEPS_PER_VALUE,
): Float64Array | undefined {
  const n = plan.a.rows;
  const [d, e] = [new Float64Array(n), new Float64Array(Math.max(0, n - 1))];
  bidiagonalise(memory, plan, d, e);
  if (wanted.p) collect(memory, plan.ut, plan.left, 0);
  if (wanted.q) collect(memory, plan.vt, plan.right, 1);
  return diagonalise(d, e, turnsOf(memory, plan, wanted), stepsPerValue * n) ? d : undefined;
}

function bidiagonalise(
  { numbers, kernels }: FactorMemory,
  { a, left, right, along }: SvdPlan,
  d: Float64Array,
  e: Float64Array,
): void {
  const { at, rows: n, width, pitch } = a;
  numbers.fill(0, left.at, left.at + n * left.pitch);
  numbers.fill(0, right.at, right.at + n * right.pitch);
  for (let j = 0; j < n; j++) {
    const row = at + j * pitch;
    const u = left.at + j * pitch;
    for (let i = j; i < n; i++) numbers[u + i] = numbers[at + i * pitch + j]!;
    d[j] = reflector(numbers, u + j, u + n);
    if (j + 1 === n) return;
    // Whole vectors: what is left of columns before the next one is not read again.
    const from = LANES * Math.floor((j + 1) / LANES);
    const [corner, bytes, taken] = [8 * (row + from), 8 * (width - from), 8 * along.at];
    kernels.project(corner, 8 * pitch, n - j, bytes, 8 * (u + j), taken);
    const v = right.at + j * pitch;
    for (let i = j + 1, k = along.at + j + 1 - from; i < n; i++, k++) {
      numbers[v + i] = numbers[row + i]! - numbers[u + j]! * numbers[k]!;
    }
    e[j] = reflector(numbers, v + j + 1, v + n);
    const [next, below] = [corner + 8 * pitch, 8 * (u + j + 1)];
    kernels.reflect_both(next, 8 * pitch, n - j - 1, bytes, below, taken, 8 * (v + from));
  }
}

/**
 * Transpose of the product of reflections, of which the j-th acts on components from j + `offset`.
 */
function collect(
  { numbers, kernels }: FactorMemory,
  { at, rows: n, width, pitch }: Block,
  v: Block,
  offset: number,
): void {
  numbers.fill(0, at, at + n * pitch);
  for (let i = 0; i < n; i++) numbers[at + i * pitch + i] = 1;
  for (let j = n - 1 - offset; j >= 0; j--) {
    const first = j + offset;
    const from = LANES * Math.floor(first / LANES);
    const corner = 8 * (at + first * pitch + from);
    const bytes = 8 * (width - from);
    kernels.reflect_right(corner, 8 * pitch, n - first, bytes, 8 * (v.at + j * pitch + from));
  }
}

/** Turns the rows of both matrices of vectors. */
function turnsOf(memory: FactorMemory, plan: SvdPlan, { p, q }: Wanted): Turns {
  const n = plan.a.rows;
  const { logs } = plan;
  const sides = {
    left: p ? new TurnLog(memory, plan.ut, logs.at, logs.pitch) : undefined,
    right: q ? new TurnLog(memory, plan.vt, logs.at + logs.pitch, logs.pitch) : undefined,
  };
  const [left, right] = [new Float64Array(2 * n), new Float64Array(2 * n)];
  return {
    left,
    right,
    step(begin, end) {
      sides.left?.add(left, begin, end);
      sides.right?.add(right, begin, end);
    },
    turn(side, first, second, c, s) {
      sides[side]?.turn(first, second, c, s);
    },
    finish() {
      sides.left?.flush();
      sides.right?.flush();
    },
  };
}

/** Collects turns of the rows of a matrix and does them together. */
class TurnLog {
  readonly #memory: FactorMemory;
  readonly #rows: Block;
  readonly #begin: number;
  readonly #limit: number;
  #end: number;

  /** Makes an empty one in so many numbers from an index on. */
  constructor(memory: FactorMemory, rows: Block, begin: number, size: number) {
    this.#memory = memory;
    this.#rows = rows;
    this.#begin = begin;
    this.#limit = begin + size;
    this.#end = begin;
  }

  /** Turns rows k and k + 1 by the k-th turn, for k from `first` to `last` − 1. */
  add(turns: Float64Array, first: number, last: number): void {
    const count = 2 * (last - first);
    if (this.#end + 2 + count > this.#limit) this.flush();
    const { numbers } = this.#memory;
    let at = this.#end;
    numbers[at++] = 8 * first * this.#rows.pitch;
    numbers[at++] = 8 * count;
    for (let i = 2 * first; i < 2 * last; i++) numbers[at++] = turns[i]!;
    this.#end = at;
  }

  /** Turns any two rows. */
  turn(first: number, second: number, c: number, s: number): void {
    this.flush();
    turnRows(this.#memory.numbers, this.#rows, first, second, c, s);
  }

  /** Does what waits. */
  flush(): void {
    const { at, width, pitch } = this.#rows;
    this.#memory.kernels.rotate(8 * at, 8 * pitch, 8 * width, 8 * this.#begin, 8 * this.#end);
    this.#end = this.#begin;
  }
}

function turnRows(
  a: Float64Array,
  { at, cols, pitch }: Block,
  p: number,
  q: number,
  c: number,
  s: number,
): void {
  const [first, second] = [at + p * pitch, at + q * pitch];
  for (let i = 0; i < cols; i++) {
    const [x, y] = [a[first + i]!, a[second + i]!];
    a[first + i] = c * x + s * y;
    a[second + i] = c * y - s * x;
  }
}
