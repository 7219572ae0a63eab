/**
 * Rank truncation of factorised matrices and the rules that choose the rank.
 *
 * @module
 */

import type { Algebra, Svd } from "../algebra/mod.ts";
import { Registry } from "../registry.ts";
import type { LowRank, Truncation, TruncationRule } from "./types.ts";

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

/** A truncated matrix with what is needed to carry coordinates along. */
export interface Truncated<M> {
  /** The matrix after truncation; its core is diagonal. */
  readonly y: LowRank<M>;
  /** Singular values kept, descending. */
  readonly singularValues: Float64Array;
  /** Frobenius norm of the discarded part. */
  readonly discarded: number;
  /** Change of the left coordinates, k×r: the new left basis is the old one times this. */
  readonly left: M;
  /** Change of the right coordinates, l×r. */
  readonly right: M;
}

/**
 * Truncates Y = U S Vᵀ by the SVD of its core: the best approximation at the chosen rank, with
 * ‖Y − result‖_F = `discarded` exactly.
 *
 * @param y Factors with orthonormal bases; the core may be k×l.
 * @param t Rule and clamps.
 */
export async function truncate<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  t: Truncation,
): Promise<Truncated<M>> {
  const { p, sigma, q } = await decompose(a, y.s);
  const rank = clampedRank(sigma, t);
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
 * @throws {RangeError} When a clamp or the tolerance makes no sense.
 * @throws {NonFiniteError} When σ holds NaN or infinity.
 */
export function clampedRank(sigma: Float64Array, t: Truncation): number {
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
  const wanted = rule.rank(sigma, tolerance);
  return Math.min(Math.max(wanted, minRank), maxRank, sigma.length);
}
