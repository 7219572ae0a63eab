/**
 * How the modes of a tensor share one truncation error.
 *
 * @module
 */

import { checkBounds, checkNumber, NonFiniteError } from "../checks.ts";

/**
 * Which ranks to keep: bounds, and the error allowed for the whole tensor.
 *
 * @example One rank at most in each mode
 * ```ts
 * import { hostAlgebra, type TuckerTruncation } from "@rankflow/rankflow";
 * import { denseTensor, hosvd } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const options: TuckerTruncation = { tolerance: 0.01, relative: true, maxRanks: 1 };
 * const { tucker } = await hosvd.decompose(a, denseTensor(a, [1, 2, 3, 4], [2, 2, 1]), options);
 * assertEquals(tucker.core.shape, [1, 1, 1]);
 * ```
 */
export interface TuckerTruncation {
  /** Frobenius error allowed for the whole tensor, ≥ 0; default 0. */
  readonly tolerance?: number;
  /** Whether `tolerance` is relative to the norm of the tensor; default true. */
  readonly relative?: boolean;
  /** Ranks never fall below this, for all modes or one by one; default 1. */
  readonly minRanks?: number | readonly number[];
  /** Ranks never rise above this, for all modes or one by one; default: no bound. */
  readonly maxRanks?: number | readonly number[];
}

/**
 * Chooses the rank of one mode.
 *
 * @param sigma Singular values of the unfolding, descending.
 * @param mode Which mode.
 */
export type RankChoice = (sigma: Float64Array, mode: number) => number;

/**
 * Spends the error of a truncation mode by mode: the first of d modes may discard τ²/d of the
 * squared norm, and what one leaves unspent the later ones share. The squared error is at most the
 * sum of what the modes discard, so it stays below τ².
 *
 * @param order Number of modes.
 * @param norm Frobenius norm of the tensor.
 * @throws {RangeError} When a setting makes no sense.
 * @throws {NonFiniteError} When the norm is not finite.
 */
export function spendBudget(t: TuckerTruncation, order: number, norm: number): RankChoice {
  const { tolerance = 0, relative = true } = t;
  checkNumber("truncate", "tolerance", tolerance, { least: 0 });
  const lower = eachMode("minRanks", t.minRanks ?? 1, order);
  const upper = eachMode("maxRanks", t.maxRanks ?? Infinity, order);
  lower.forEach((low, k) => checkBounds("truncate", ["minRanks", "maxRanks"], [low, upper[k]!]));
  if (!Number.isFinite(norm)) {
    throw new NonFiniteError(`Cannot truncate: expected a finite tensor, got one of norm ${norm}`);
  }
  let budget = (relative ? tolerance * norm : tolerance) ** 2;
  let modesLeft = order;
  return (sigma, mode) => {
    const wanted = rankForTail(sigma, Math.sqrt(budget / modesLeft));
    const rank = Math.min(Math.max(wanted, lower[mode]!), upper[mode]!, sigma.length);
    budget = Math.max(0, budget - Math.hypot(...sigma.subarray(rank)) ** 2);
    modesLeft--;
    return rank;
  };
}

/**
 * A setting for every mode.
 *
 * @throws {RangeError} When the number of entries is not the order or one is no rank.
 */
export function eachMode(
  name: string,
  value: number | readonly number[],
  order: number,
): readonly number[] {
  const all = typeof value === "number" ? Array<number>(order).fill(value) : value;
  if (all.length === order && all.every(isBound)) return all;
  throw new RangeError(
    `Cannot truncate: ${name} must be one number or ${order}, each an integer >= 1, got ` +
      (typeof value === "number" ? value : `[${value.join(", ")}]`),
  );
}

/** Whether ranks can be bounded by it: no bound at all is Infinity. */
function isBound(n: number): boolean {
  return n >= 1 && (n === Infinity || Number.isSafeInteger(n));
}

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
