/**
 * Carrying optimizer moments along when the bases of a factorised matrix change. Forgetting this
 * is the commonest bug of low-rank training with momentum.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { LowRank, Moments, MomentSlots } from "./types.ts";

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

/**
 * Carries the moments of all factors from one point to another.
 *
 * Where the first moments of K, L and S are all there they represent the tangent vector
 * ξ = dK Vᵀ + U dLᵀ − U dS Vᵀ, and its orthogonal projection onto the tangent space at the new
 * point is returned: O((m + n) r²), also when the rank changes. Otherwise, and where there are
 * second moments, each factor is carried by the change of its own coordinates.
 *
 * @param slots Moments at `from`: "k" m×r, "l" n×r, "s" r×r.
 * @param from Old point, orthonormal bases.
 * @param to New point, orthonormal bases.
 */
export function transportSlots<M>(
  a: Algebra<M>,
  slots: MomentSlots<M>,
  from: LowRank<M>,
  to: LowRank<M>,
): MomentSlots<M> {
  if (Object.keys(slots).length === 0) return slots;
  const right = a.multiply(from.v, to.v, { transposeLeft: true });
  const left = a.multiply(to.u, from.u, { transposeLeft: true });
  const own = transportEach(a, slots, left, right);
  const { k, l, s } = slots;
  if (!k?.first || !l?.first || !s?.first) return own;
  // Second moments vanish where the gradient does (inputs that are always zero); the projection
  // would put first moments there, and m / √v explodes.
  if (k.second || l.second || s.second) return own;
  const tangent = projectTangent(a, { k: k.first, l: l.first, s: s.first }, from, to, left, right);
  return {
    ...own,
    k: { ...own.k!, first: tangent.k },
    l: { ...own.l!, first: tangent.l },
    s: { ...own.s!, first: tangent.s },
  };
}

function transportEach<M>(
  a: Algebra<M>,
  slots: MomentSlots<M>,
  left: M,
  right: M,
): MomentSlots<M> {
  const out: Record<string, Moments<M>> = {};
  if (slots.k) out.k = transportMoments(a, slots.k, undefined, right);
  if (slots.l) out.l = transportMoments(a, slots.l, undefined, a.transpose(left));
  if (slots.s) out.s = transportMoments(a, slots.s, left, right);
  return out;
}

/** ξ V₁, ξᵀ U₁ and U₁ᵀ ξ V₁ for ξ given by its three factors. */
function projectTangent<M>(
  a: Algebra<M>,
  xi: { k: M; l: M; s: M },
  from: LowRank<M>,
  to: LowRank<M>,
  left: M,
  right: M,
): { k: M; l: M; s: M } {
  const core = a.multiply(xi.s, right);
  const lv = a.multiply(xi.l, to.v, { transposeLeft: true });
  const k = add(a, a.multiply(xi.k, right), a.multiply(from.u, a.lincomb(1, lv, -1, core)));
  const ku = a.multiply(xi.k, to.u, { transposeLeft: true });
  const coreT = a.multiply(xi.s, left, { transposeLeft: true, transposeRight: true });
  const l = add(
    a,
    a.multiply(xi.l, left, { transposeRight: true }),
    a.multiply(from.v, a.lincomb(1, ku, -1, coreT)),
  );
  return { k, l, s: a.multiply(to.u, k, { transposeLeft: true }) };
}

function add<M>(a: Algebra<M>, x: M, y: M): M {
  return a.lincomb(1, x, 1, y);
}
