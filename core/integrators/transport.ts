/**
 * Changes of the bases of a factorised matrix, which optimizer states must follow. Forgetting this
 * is the commonest bug of low-rank training with momentum.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { type BasisChange, carried, type RuleState, type Stepping } from "./memory.ts";

/**
 * x ↦ A x B.
 *
 * @param left A, p'×p; absent: identity.
 * @param right B, q×q'; absent: identity.
 */
export function changeOf<M>(
  a: Algebra<M>,
  left: M | undefined,
  right: M | undefined,
): BasisChange<M> {
  const times = (x: M, f: (y: M) => M): M => {
    const y = left === undefined ? x : a.multiply(f(left), x);
    return right === undefined ? y : a.multiply(y, f(right));
  };
  return { carry: (x) => times(x, (y) => y), carrySquare: (x) => times(x, (y) => a.square(y)) };
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
 */
export function transportMoments<M>(
  a: Algebra<M>,
  o: Stepping,
  state: RuleState<M>,
  left: M | undefined,
  right: M | undefined,
): RuleState<M> {
  return carried(a, o, state, changeOf(a, left, right));
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
