/**
 * Singular values by Golub's and Kahan's way: reflections to bidiagonal form, then implicit QR steps
 * (Golub, Van Loan: Matrix Computations, 4th ed., section 8.6).
 *
 * @module
 */

import { diagonalise, STEPS_PER_VALUE, type Turns } from "../factorisations/mod.ts";
import {
  columnOf,
  productOf,
  reflectLeft,
  type Reflector,
  reflectorOf,
  reflectRight,
} from "./householder.ts";
import { type Matrix, matrixOf, transposed } from "./matrix.ts";

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
  if (!diagonalise(b.d, b.e, turnsOf(b), stepsPerValue * n)) return undefined;
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

/** Turns the rows of both matrices of vectors, one pair after the other. */
function turnsOf({ ut, d, vt }: Bidiagonal): Turns {
  const n = d.length;
  const [left, right] = [new Float64Array(2 * n), new Float64Array(2 * n)];
  return {
    left,
    right,
    step(begin, end) {
      for (let k = begin; k < end; k++) {
        turnRows(ut, n, k, k + 1, left[2 * k]!, left[2 * k + 1]!);
        turnRows(vt, n, k, k + 1, right[2 * k]!, right[2 * k + 1]!);
      }
    },
    turn: (side, p, q, c, s) => turnRows(side === "left" ? ut : vt, n, p, q, c, s),
    finish() {},
  };
}

/** Rows p and q of an n×n matrix become c p + s q and c q − s p. */
function turnRows(a: Float64Array, n: number, p: number, q: number, c: number, s: number): void {
  for (let i = 0, at = p * n, other = q * n; i < n; i++, at++, other++) {
    const [x, y] = [a[at]!, a[other]!];
    a[at] = c * x + s * y;
    a[other] = c * y - s * x;
  }
}
