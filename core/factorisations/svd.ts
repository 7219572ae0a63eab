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
  /** Index of the turns of a step: those of left vectors, and those of right ones behind them. */
  readonly turns: number;
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
  const turns = layout.block(2, 2 * n).at;
  return { a, ut, vt, left, right, turns, end: layout.end };
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
  { a, left, right }: SvdPlan,
  d: Float64Array,
  e: Float64Array,
): void {
  const { at, rows: n, pitch } = a;
  numbers.fill(0, left.at, left.at + n * left.pitch);
  numbers.fill(0, right.at, right.at + n * right.pitch);
  for (let j = 0; j < n; j++) {
    const u = left.at + j * left.pitch;
    for (let i = j; i < n; i++) numbers[u + i] = numbers[at + i * pitch + j]!;
    d[j] = reflector(numbers, u + j, u + n);
    if (j + 1 === n) return;
    // Whole vectors: what is left of column j + 1 is not read again.
    const from = LANES * Math.floor((j + 1) / LANES);
    const [corner, width] = [8 * (at + j * pitch + from), 8 * (pitch - from)];
    kernels.reflect_left(corner, 8 * pitch, n - j, width, 8 * (u + j));
    const v = right.at + j * pitch;
    numbers.copyWithin(v + j + 1, at + j * pitch + j + 1, at + j * pitch + n);
    e[j] = reflector(numbers, v + j + 1, v + n);
    kernels.reflect_right(corner + 8 * pitch, 8 * pitch, n - j - 1, width, 8 * (v + from));
  }
}

/**
 * Transpose of the product of reflections, of which the j-th acts on components from j + `offset`.
 */
function collect(
  { numbers, kernels }: FactorMemory,
  { at, rows: n, pitch }: Block,
  v: Block,
  offset: number,
): void {
  numbers.fill(0, at, at + n * pitch);
  for (let i = 0; i < n; i++) numbers[at + i * pitch + i] = 1;
  for (let j = n - 1 - offset; j >= 0; j--) {
    const first = j + offset;
    const from = LANES * Math.floor(first / LANES);
    const corner = 8 * (at + first * pitch + from);
    const width = 8 * (pitch - from);
    kernels.reflect_right(corner, 8 * pitch, n - first, width, 8 * (v.at + j * pitch + from));
  }
}

/** Turns the rows of both matrices of vectors. */
function turnsOf(
  { numbers, kernels }: FactorMemory,
  { ut, vt, turns }: SvdPlan,
  { p: isLeftWanted, q: isRightWanted }: Wanted,
): Turns {
  const n = ut.rows;
  const [left, right] = [turns, turns + 2 * n].map((at) => numbers.subarray(at, at + 2 * n)) as [
    Float64Array,
    Float64Array,
  ];
  const pitch = 8 * ut.pitch;
  const run = ({ at }: Block, from: number, begin: number, end: number): void =>
    kernels.rotate(
      8 * at + pitch * begin,
      pitch,
      8 * from + 16 * begin,
      8 * from + 16 * end,
      pitch,
    );
  return {
    left,
    right,
    step(begin, end) {
      if (isLeftWanted) run(ut, turns, begin, end);
      if (isRightWanted) run(vt, turns + 2 * n, begin, end);
    },
    turn(side, p, q, c, s) {
      if (side === "left" && isLeftWanted) turnRows(numbers, ut, p, q, c, s);
      if (side === "right" && isRightWanted) turnRows(numbers, vt, p, q, c, s);
    },
  };
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
