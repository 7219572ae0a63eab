/**
 * Rules that choose the rank of a truncation.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import { rankForTail } from "../tensors/truncation.ts";
import type { Truncation, TruncationRule } from "./types.ts";

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

/** The error of a core with NaN or infinity in it. */
export function notFinite(): NonFiniteError {
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
