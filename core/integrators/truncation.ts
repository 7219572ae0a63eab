/**
 * Rank truncation of factorised matrices and the rules that choose the rank.
 *
 * @module
 */

import type { Algebra, Svd } from "../algebra/mod.ts";
import { Registry } from "../registry.ts";
import { truncateAround } from "./fixed_vectors.ts";
import type { LowRank, Truncated, Truncation, TruncationRule } from "./types.ts";

/** A computation left the finite numbers: a step too long, or bad data. */
export class NonFiniteError extends RangeError {
  /** Tells the error apart where classes are compared by name. */
  override readonly name: string = "NonFiniteError";
}

/** Truncation rules by name. */
export const truncationRules: Registry<TruncationRule> = new Registry("truncation rule");

/**
 * Keeps the fewest singular values whose discarded tail obeys √(Σ σᵢ²) ≤ τ ‖Σ‖_F
 * (Ceruti, Kusch, Lubich: A rank-adaptive robust integrator, BIT 2022, with a relative threshold).
 */
export const relativeFrobenius: TruncationRule = truncationRules.add({
  name: "relative-frobenius",
  description: "smallest rank whose discarded tail is at most tolerance × Frobenius norm",
  rank: (sigma, tolerance) => rankForTail(sigma, tolerance * Math.hypot(...sigma)),
});

/** Keeps every value: ranks change by the clamps alone. */
export const noTruncation: TruncationRule = truncationRules.add({
  name: "none",
  description: "keeps every singular value up to the maximal rank",
  rank: (sigma) => sigma.length,
});

/**
 * Smallest rank r with √(σ²ᵣ₊₁ + … + σ²ₖ) ≤ threshold.
 *
 * @param sigma Singular values, descending.
 * @param threshold Absolute Frobenius threshold, ≥ 0.
 */
export function rankForTail(sigma: Float64Array, threshold: number): number {
  let rank = sigma.length;
  let tail = 0;
  while (rank > 0) {
    tail = Math.hypot(tail, sigma[rank - 1]!);
    if (tail > threshold) break;
    rank--;
  }
  return rank;
}

/**
 * Truncates Y = U S Vᵀ by the SVD of its core: the best approximation at the chosen rank, with
 * ‖Y − result‖_F = `discarded` exactly. Rules with fixed vectors truncate what is orthogonal to
 * them.
 *
 * @param y Factors with orthonormal bases; the core may be k×l.
 * @param t Rule and clamps.
 * @param current Rank before the step, for rules that ask.
 */
export async function truncate<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  t: Truncation,
  current?: number,
): Promise<Truncated<M>> {
  const fixed = t.rule.fixed?.(a.rows(y.u), a.rows(y.v));
  if (!fixed) return await truncateCore(a, y, t, current);
  return await truncateAround(
    a,
    y,
    fixed,
    (rest, count) =>
      truncateCore(a, rest, beside(t, count), current && Math.max(1, current - count)),
  );
}

async function truncateCore<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  t: Truncation,
  current: number | undefined,
): Promise<Truncated<M>> {
  const { p, sigma, q } = await decompose(a, y.s);
  const rank = clampedRank(sigma, t, current);
  const left = a.columns(p, 0, rank);
  const right = a.columns(q, 0, rank);
  const kept = sigma.slice(0, rank);
  return {
    y: { u: a.multiply(y.u, left), s: a.diagonal(kept), v: a.multiply(y.v, right) },
    singularValues: kept,
    discarded: Math.hypot(...sigma.subarray(rank)),
    left,
    right,
  };
}

/** The clamps that are left beside `count` fixed vectors. */
function beside(t: Truncation, count: number): Truncation {
  const { minRank = 1, maxRank } = t;
  if (maxRank !== undefined && maxRank <= count) {
    throw new RangeError(
      `Cannot truncate: maxRank must be above the ${count} fixed vectors, got ${maxRank}`,
    );
  }
  return {
    ...t,
    minRank: Math.max(1, minRank - count),
    ...(maxRank === undefined ? {} : { maxRank: maxRank - count }),
  };
}

/** SVD of a core; libraries that refuse what is not finite do so in words of their own. */
async function decompose<M>(a: Algebra<M>, core: M): Promise<Svd<M>> {
  try {
    return await a.svd(core);
  } catch (error) {
    if (Number.isFinite(await a.norm(core))) throw error;
    throw notFinite();
  }
}

function notFinite(): NonFiniteError {
  return new NonFiniteError(
    "Cannot truncate: the core must be finite, got NaN or infinity in it",
  );
}

/**
 * Rank by the rule, clamped to [minRank, maxRank] and to the number of values.
 *
 * @param current Rank before the step, for rules that ask.
 * @throws {RangeError} When a clamp or the tolerance makes no sense.
 * @throws {NonFiniteError} When σ holds NaN or infinity.
 */
export function clampedRank(sigma: Float64Array, t: Truncation, current?: number): number {
  const { rule, tolerance, minRank = 1, maxRank = sigma.length } = t;
  if (!(tolerance >= 0)) {
    throw new RangeError(`Cannot truncate: tolerance must be >= 0, got ${tolerance}`);
  }
  if (!(minRank >= 1) || !(maxRank >= minRank)) {
    throw new RangeError(
      `Cannot truncate: 1 <= minRank <= maxRank must hold, got ${minRank} and ${maxRank}`,
    );
  }
  if (sigma.some((x) => !Number.isFinite(x))) throw notFinite();
  const wanted = rule.rank(sigma, tolerance, current);
  return Math.min(Math.max(wanted, minRank), maxRank, sigma.length);
}
