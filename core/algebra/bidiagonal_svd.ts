/**
 * Singular values by Golub's and Kahan's way: reflections to bidiagonal form, then implicit QR steps
 * (Golub, Van Loan: Matrix Computations, 4th ed., section 8.6).
 *
 * @module
 */

import {
  columnOf,
  productOf,
  reflectLeft,
  type Reflector,
  reflectorOf,
  reflectRight,
} from "./householder.ts";
import { type Matrix, matrixOf, transposed } from "./matrix.ts";

/** QR steps that one singular value may take; two or three are usual. */
const STEPS_PER_VALUE = 30;

/** A = Uᵀᵀ B Vᵀ with orthogonal rows of `ut` and `vt`; B has diagonal d and superdiagonal e. */
interface Bidiagonal {
  readonly ut: Float64Array;
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly vt: Float64Array;
}

/**
 * SVD of a square matrix whose entries may be squared without harm: x = p diag(sigma) qᵀ. Errors in
 * singular values are round-off of the largest.
 *
 * @param x n×n.
 * @param stepsPerValue Bound of the iteration; default 30.
 * @returns p, sigma descending, q; undefined where the iteration did not end within its bound.
 */
export function bidiagonalSvd(
  x: Matrix,
  stepsPerValue: number = STEPS_PER_VALUE,
): { p: Matrix; sigma: Float64Array; q: Matrix } | undefined {
  const n = x.rows;
  const b = bidiagonalise(x);
  if (!diagonalise(b, stepsPerValue * n)) return undefined;
  const order = Array.from(b.d.keys()).sort((i, j) => Math.abs(b.d[j]!) - Math.abs(b.d[i]!));
  return {
    p: matrixOf(n, n, (i, j) => b.ut[order[j]! * n + i]!),
    sigma: Float64Array.from(order, (i) => Math.abs(b.d[i]!)),
    q: matrixOf(n, n, (i, j) => {
      const value = b.vt[order[j]! * n + i]!;
      return b.d[order[j]!]! < 0 ? -value : value;
    }),
  };
}

function bidiagonalise(x: Matrix): Bidiagonal {
  const n = x.rows;
  const a = x.data.slice();
  const [left, right]: [Reflector[], Reflector[]] = [[], []];
  for (let j = 0; j < n; j++) {
    const u = reflectorOf(columnOf(a, n, j, j));
    reflectLeft(a, n, j, j, u);
    const v = reflectorOf(a.slice(j * n + j + 1, (j + 1) * n));
    reflectRight(a, n, j, j + 1, v);
    left.push(u);
    right.push(v);
  }
  return {
    ut: transposed(productOf(left, 0, n, n)).data,
    d: Float64Array.from({ length: n }, (_, j) => a[j * n + j]!),
    e: Float64Array.from({ length: Math.max(0, n - 1) }, (_, j) => a[j * n + j + 1]!),
    vt: transposed(productOf(right, 1, n, n)).data,
  };
}

/** Takes B to diagonal form; whether `budget` steps were enough. */
function diagonalise(b: Bidiagonal, budget: number): boolean {
  const { d, e } = b;
  // What is this small is round-off of B.
  const floor = Number.EPSILON * [d, e].flatMap((x) => [...x])
    .reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  for (let end = d.length - 1, steps = 0; end > 0;) {
    let begin = end;
    while (begin > 0 && Math.abs(e[begin - 1]!) > floor) begin--;
    if (begin > 0) e[begin - 1] = 0;
    if (begin === end) end--;
    else if (steps++ >= budget) return false;
    else if (!clearZeros(b, begin, end, floor)) qrStep(b, begin, end);
  }
  return true;
}

/** Splits the block where a diagonal entry is zero; whether there was one. */
function clearZeros(b: Bidiagonal, begin: number, end: number, floor: number): boolean {
  const { d, e } = b;
  let zero = end;
  while (zero >= begin && Math.abs(d[zero]!) > floor) zero--;
  if (zero < begin) return false;
  d[zero] = 0;
  // Rotations move the entry beside the zero along its row, or above it along its column, out of B.
  let bulge = zero < end ? e[zero]! : 0;
  if (zero < end) e[zero] = 0;
  for (let k = zero + 1; k <= end && bulge !== 0; k++) {
    const { c, s, r } = rotation(d[k]!, bulge);
    d[k] = r;
    bulge = k < end ? -s * e[k]! : 0;
    if (k < end) e[k]! *= c;
    turnRows(b.ut, d.length, k, zero, c, s);
  }
  bulge = zero > begin ? e[zero - 1]! : 0;
  if (zero > begin) e[zero - 1] = 0;
  for (let k = zero - 1; k >= begin && bulge !== 0; k--) {
    const { c, s, r } = rotation(d[k]!, bulge);
    d[k] = r;
    bulge = k > begin ? -s * e[k - 1]! : 0;
    if (k > begin) e[k - 1]! *= c;
    turnRows(b.vt, d.length, k, zero, c, s);
  }
  return true;
}

/** One implicit QR step on the block begin … end of BᵀB, shifted by Wilkinson's rule. */
function qrStep({ ut, d, e, vt }: Bidiagonal, begin: number, end: number): void {
  const n = d.length;
  let y = d[begin]! - shiftOf(d, e, begin, end) / d[begin]!;
  let z = e[begin]!;
  for (let k = begin; k < end; k++) {
    const right = rotation(y, z);
    if (k > begin) e[k - 1] = right.r;
    const head = right.c * d[k]! + right.s * e[k]!;
    e[k] = right.c * e[k]! - right.s * d[k]!;
    const below = right.s * d[k + 1]!;
    d[k + 1]! *= right.c;
    turnRows(vt, n, k, k + 1, right.c, right.s);
    const left = rotation(head, below);
    d[k] = left.r;
    y = left.c * e[k]! + left.s * d[k + 1]!;
    d[k + 1] = left.c * d[k + 1]! - left.s * e[k]!;
    e[k] = y;
    if (k + 1 < end) {
      z = left.s * e[k + 1]!;
      e[k + 1]! *= left.c;
    }
    turnRows(ut, n, k, k + 1, left.c, left.s);
  }
}

/** The eigenvalue of the last 2×2 block of BᵀB that is nearer to its last entry. */
function shiftOf(d: Float64Array, e: Float64Array, begin: number, end: number): number {
  const [beside, last, above] = [d[end - 1]!, d[end]!, e[end - 1]!];
  const before = end - 1 > begin ? e[end - 2]! : 0;
  const corner = last * last + above * above;
  const half = (beside * beside + before * before - corner) / 2;
  const across = beside * above;
  const away = Math.abs(half) + Math.hypot(half, across);
  return away === 0 ? corner : corner - (half < 0 ? -1 : 1) * across * (across / away);
}

/** c and s with c x + s y = r and c y = s x. */
function rotation(x: number, y: number): { c: number; s: number; r: number } {
  const r = Math.sqrt(x * x + y * y);
  return r === 0 ? { c: 1, s: 0, r } : { c: x / r, s: y / r, r };
}

/** Rows p and q of an n×n matrix become c p + s q and c q − s p. */
function turnRows(a: Float64Array, n: number, p: number, q: number, c: number, s: number): void {
  for (let i = 0, at = p * n, other = q * n; i < n; i++, at++, other++) {
    const [x, y] = [a[at]!, a[other]!];
    a[at] = c * x + s * y;
    a[other] = c * y - s * x;
  }
}
