/**
 * Carrying optimizer moments along when the bases of a factorised matrix change. Forgetting this
 * is the commonest bug of low-rank training with momentum.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { Moments } from "./types.ts";

/**
 * Moments in new coordinates: m ↦ A m B and v ↦ (A∘A) v (B∘B).
 *
 * The first moment is a tensor in the factor's coordinates and transforms exactly. The second is
 * none: it is carried as the variance of independent entries, which keeps it non-negative and, for
 * orthogonal A and B, keeps its sum. The rule (A √v B)² of the public code of RobustDLRT
 * (arXiv 2505.08022) cancels where signs differ, and m / √v then explodes.
 *
 * @param m Moments of a p×q factor.
 * @param left A, p'×p; absent: identity.
 * @param right B, q×q'; absent: identity.
 */
export function transportMoments<M>(
  a: Algebra<M>,
  m: Moments<M>,
  left: M | undefined,
  right: M | undefined,
): Moments<M> {
  const carry = (x: M, f: (y: M) => M): M => {
    const y = left === undefined ? x : a.multiply(f(left), x);
    return right === undefined ? y : a.multiply(y, f(right));
  };
  return {
    count: m.count,
    ...(m.first === undefined ? {} : { first: carry(m.first, (y) => y) }),
    ...(m.second === undefined ? {} : { second: carry(m.second, (y) => a.square(y)) }),
  };
}

/**
 * Moments of a core that was embedded in a larger one. New directions have no momentum, and the
 * mean second moment of the old ones: with zero there, their first step would be √(1/(1 − β₂))
 * times as long as Adam's, whatever the gradient.
 *
 * @param m Moments of a p×q core.
 * @param rows New number of rows, ≥ p.
 * @param cols New number of columns, ≥ q.
 */
export function embedMoments<M>(
  a: Algebra<M>,
  m: Moments<M>,
  rows: number,
  cols: number,
): Moments<M> {
  return {
    count: m.count,
    ...(m.first === undefined ? {} : { first: embed(a, m.first, rows, cols) }),
    ...(m.second === undefined ? {} : { second: embedMean(a, m.second, rows, cols) }),
  };
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
