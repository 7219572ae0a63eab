/**
 * Changes of the bases of a factorised matrix, which optimizer states must follow. Forgetting this
 * is the commonest bug of low-rank training with momentum.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { type BasisChange, carried, type RuleState, type Stepping } from "./memory.ts";

/** By what variances are carried: rows of the left one, columns of the right one sum to 1, about. */
export interface VarianceShares<M> {
  /** p'×p; absent: identity. */
  readonly left: M | undefined;
  /** q×q'; absent: identity. */
  readonly right: M | undefined;
}

/**
 * x ↦ A x B.
 *
 * @param left A, p'×p; absent: identity.
 * @param right B, q×q'; absent: identity.
 * @param shares What carries variances; default A∘A and B∘B, which leaves none where the new bases
 * are orthogonal to the old ones.
 */
export function changeOf<M>(
  a: Algebra<M>,
  left: M | undefined,
  right: M | undefined,
  shares: VarianceShares<M> = { left: left && a.square(left), right: right && a.square(right) },
): BasisChange<M> {
  const times = (x: M, l: M | undefined, r: M | undefined): M => {
    const y = l === undefined ? x : a.multiply(l, x);
    return r === undefined ? y : a.multiply(y, r);
  };
  return {
    carry: (x) => times(x, left, right),
    carrySquare: (x) => times(x, shares.left, shares.right),
  };
}

/**
 * A∘A, and where a row of A is shorter than 1, as the new direction leaves the old bases, the mean of
 * the old variances for what is missing: zero there would make the next steps of Adam several times
 * too long, see {@linkcode embeddingChange}.
 *
 * @param change A, p'×p, rows no longer than 1.
 */
export async function variancesBy<M>(a: Algebra<M>, change: M): Promise<M> {
  const [rows, cols] = [a.rows(change), a.cols(change)];
  const shares = (await a.read(change)).map((x) => x * x);
  for (let i = 0; i < rows; i++) {
    const row = shares.subarray(i * cols, (i + 1) * cols);
    const missing = Math.max(0, 1 - row.reduce((sum, x) => sum + x, 0));
    row.forEach((x, j) => row[j] = x + missing / cols);
  }
  return a.from(shares, rows, cols);
}

/**
 * The embedding of a matrix in a larger one. New directions have no momentum, and the mean variance
 * of the old ones: with zero there, their first step would be √(1/(1 − β₂)) times as long as
 * Adam's, whatever the gradient.
 *
 * @param rows New number of rows.
 * @param cols New number of columns.
 */
export function embeddingChange<M>(a: Algebra<M>, rows: number, cols: number): BasisChange<M> {
  return {
    carry: (x) => embed(a, x, rows, cols),
    carrySquare: (x) => embedMean(a, x, rows, cols),
  };
}

/**
 * The state of a p×q factor in new coordinates, see {@linkcode changeOf}.
 *
 * @param left A, p'×p; absent: identity.
 * @param right B, q×q'; absent: identity.
 * @param shares What carries variances, see {@linkcode changeOf}.
 */
export function transportMoments<M>(
  a: Algebra<M>,
  o: Stepping,
  state: RuleState<M>,
  left: M | undefined,
  right: M | undefined,
  shares?: VarianceShares<M>,
): RuleState<M> {
  return carried(a, o, state, changeOf(a, left, right, shares));
}

/** The state of a core that was embedded in a rows×cols one, see {@linkcode embeddingChange}. */
export function embedMoments<M>(
  a: Algebra<M>,
  o: Stepping,
  state: RuleState<M>,
  rows: number,
  cols: number,
): RuleState<M> {
  return carried(a, o, state, embeddingChange(a, rows, cols));
}

/** A matrix in the upper left corner, continued by the means of its columns and rows. */
function embedMean<M>(a: Algebra<M>, x: M, rows: number, cols: number): M {
  const tall = a.multiply(continuation(a, rows, a.rows(x)), x);
  return a.multiply(tall, continuation(a, cols, a.cols(x)), { transposeRight: true });
}

/** n×p: the identity, below it rows that average. */
export function continuation<M>(a: Algebra<M>, n: number, p: number): M {
  const data = new Float64Array(n * p).fill(1 / p);
  for (let i = 0; i < p; i++) {
    data.fill(0, i * p, (i + 1) * p);
    data[i * p + i] = 1;
  }
  return a.from(data, n, p);
}

/**
 * The matrix in the upper left corner of a rows×cols matrix of zeros.
 *
 * @param x p×q with p ≤ rows, q ≤ cols.
 */
export function embed<M>(a: Algebra<M>, x: M, rows: number, cols: number): M {
  const [p, q] = [a.rows(x), a.cols(x)];
  const wide = cols > q ? a.hstack([x, a.zeros(p, cols - q)]) : x;
  return rows > p ? a.vstack([wide, a.zeros(rows - p, cols)]) : wide;
}
