/**
 * Rules that choose the rank of a truncation.
 *
 * @module
 */

import { requireFinite } from "../algebra/mod.ts";
import { checkBounds, checkNumber, checkReturned } from "../checks.ts";
import { Registry } from "../registry.ts";
import { rankForTail } from "../tensors/truncation.ts";
import { tunable } from "../tunable.ts";
import type { Truncation, TruncationRule } from "./types.ts";

/**
 * Truncation rules by name.
 *
 * @example One by its name
 * ```ts
 * import { truncationRules } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(truncationRules.get("fixed-rank").rank(Float64Array.of(2, 1, 1), 0, 2), 2);
 * ```
 */
export const truncationRules: Registry<TruncationRule> = new Registry("truncation rule");

/** Stands for the tolerance of the run. */
const OF_RUN = -1;

/**
 * Registers a rule whose threshold is that of the run, unless it is given one of its own: what the
 * thresholds of two rules mean differs, so one number for all does not do in a comparison.
 *
 * @param rank As of {@linkcode TruncationRule}.
 */
export function thresholdRule(
  name: string,
  description: string,
  rank: (sigma: Float64Array, tolerance: number) => number,
): TruncationRule {
  return tunable(truncationRules, {
    name,
    description,
    defaults: { tolerance: OF_RUN },
    limits: { tolerance: { min: OF_RUN, description: "threshold, -1 for that of the run" } },
    make: ({ tolerance }) => ({
      rank: (sigma, ofRun) => rank(sigma, tolerance < 0 ? ofRun : tolerance),
    }),
  });
}

/**
 * Keeps the fewest singular values whose discarded tail obeys √(Σ σᵢ²) ≤ τ ‖Σ‖_F
 * (Ceruti, Kusch, Lubich: A rank-adaptive robust integrator, BIT 2022, with a relative threshold).
 *
 * @example A small tail is left out
 * ```ts
 * import { relativeFrobenius } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(relativeFrobenius.rank(Float64Array.of(3, 1, 1e-3), 0.01), 2);
 * ```
 */
export const relativeFrobenius: TruncationRule = thresholdRule(
  "relative-frobenius",
  "smallest rank whose discarded tail is at most tolerance × Frobenius norm",
  (sigma, tolerance) => rankForTail(sigma, tolerance * Math.hypot(...sigma)),
);

/** Keeps every value: ranks change by the clamps alone. */
export const noTruncation: TruncationRule = truncationRules.add({
  name: "none",
  description: "keeps every singular value up to the maximal rank",
  rank: (sigma) => sigma.length,
});

/** Keeps the rank that the matrix had before the step, whatever the tolerance. */
export const keepRank: TruncationRule = truncationRules.add({
  name: "fixed-rank",
  description: "the rank before the step; the tolerance is not used",
  rank: (sigma, _tolerance, current) => current ?? sigma.length,
});

/** Ranks stay what they were before the step. */
export const ranksKept: Truncation = { rule: keepRank, tolerance: 0 };

/** Ranks stay as large as a step has grown them: no bound leaves anything to cut. */
export const ranksGrown: Truncation = {
  rule: noTruncation,
  tolerance: 0,
  minRank: Number.MAX_SAFE_INTEGER,
};

/** Whether the bounds keep all of so many values, whatever the rule and the values are. */
export function keepsAll({ minRank = 1, maxRank = Infinity }: Truncation, size: number): boolean {
  return minRank >= size && maxRank >= size;
}

/** Ranks as small as an error relative to the Frobenius norm allows. */
export function upToError(tolerance: number): Truncation {
  return { rule: relativeFrobenius, tolerance };
}

/**
 * Refuses settings that make no sense: also where an integrator of fixed rank would never look at
 * them.
 *
 * @throws {RangeError} Naming the clamp or the tolerance.
 */
export function checkTruncation({ tolerance, minRank = 1, maxRank = Infinity }: Truncation): void {
  checkNumber("truncate", "tolerance", tolerance, { least: 0 });
  checkBounds("truncate", ["minRank", "maxRank"], [minRank, maxRank]);
}

/**
 * Rank by the rule, clamped to [minRank, maxRank] and to the number of values.
 *
 * @param current Rank before the step, for rules that ask.
 * @throws {RangeError} When a clamp or the tolerance makes no sense, or the rule returns no rank.
 * @throws {NonFiniteError} When σ holds NaN or infinity.
 */
export function clampedRank(sigma: Float64Array, t: Truncation, current?: number): number {
  checkTruncation(t);
  const { rule, tolerance, minRank = 1, maxRank = Infinity } = t;
  const wanted = rule.rank(requireFinite(sigma), tolerance, current);
  checkReturned(`truncation rule "${rule.name}"`, "a rank", wanted, 0);
  return Math.min(Math.max(wanted, minRank), maxRank, sigma.length);
}
