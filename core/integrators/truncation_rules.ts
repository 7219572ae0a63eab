/**
 * Rules that choose the rank of a truncation, beyond the two that everything needs.
 *
 * @module
 */

import { matrixOf } from "../algebra/mod.ts";
import { rankForTail } from "../tensors/truncation.ts";
import { relativeFrobenius, thresholdRule, truncationRules } from "./truncation.ts";
import { tunable } from "../tunable.ts";
import type { FixedVectors, TruncationRule } from "./types.ts";

/** Keeps the fewest singular values whose discarded tail obeys √(Σ σᵢ²) ≤ τ. */
export const absoluteFrobenius: TruncationRule = thresholdRule(
  "absolute-frobenius",
  "smallest rank whose discarded tail is at most the tolerance",
  rankForTail,
);

/** Keeps the fewest singular values whose discarded tail obeys Σ σᵢ ≤ τ Σ σ: the nuclear norm. */
export const relativeNuclear: TruncationRule = thresholdRule(
  "nuclear",
  "smallest rank whose discarded singular values sum to at most tolerance × their sum",
  (sigma, tolerance) => fewest(sigma, tolerance, (x) => x),
);

/** Keeps the singular values above τ σ₁: the spectral norm of what is discarded is at most that. */
export const spectralThreshold: TruncationRule = thresholdRule(
  "spectral",
  "singular values above tolerance × the largest",
  (sigma, tolerance) => sigma.filter((x) => x > tolerance * sigma[0]!).length,
);

/** Keeps the singular values of at least τ: the last cut of Trained Rank Pruning (Xu et al. 2020). */
export const absoluteSpectral: TruncationRule = thresholdRule(
  "absolute-spectral",
  "singular values of at least the tolerance",
  (sigma, tolerance) => sigma.filter((x) => x > 0 && x >= tolerance).length,
);

/**
 * Keeps the singular values with (σ − σₙ) / (σ₁ − σₙ) ≥ τ, from 0 at the smallest to 1 at the largest
 * (WeLore, arXiv 2407.11239): a flat spectrum keeps more than a steep one. Equal values stay.
 */
export const normalisedSpectrum: TruncationRule = thresholdRule(
  "normalised-spectrum",
  "singular values of at least the tolerance on a scale from the smallest, 0, to the largest, 1",
  (sigma, tolerance) => {
    const [most, least] = [sigma[0] ?? 0, sigma.at(-1) ?? 0];
    return sigma.filter((x) => x > 0 && x - least >= tolerance * (most - least)).length;
  },
);

/** Keeps the fewest singular values that hold the fraction 1 − τ of the energy Σ σ². */
export const energyFraction: TruncationRule = thresholdRule(
  "energy",
  "smallest rank that keeps the fraction 1 − tolerance of the squared norm",
  (sigma, tolerance) => fewest(sigma, tolerance, (x) => x * x),
);

/**
 * Makes a rule that keeps given vectors in the bases and the products with them as they are; what
 * is orthogonal to them is truncated as another rule says. Each fixed vector takes one rank.
 *
 * @param name Registry name.
 * @param description One line.
 * @param fixed The vectors for m×n matrices: values of conserved quantities on the grid, or others.
 * @param rest Rule for the remainder; default: relative to the remainder's Frobenius norm.
 */
export function conservativeRule(
  name: string,
  description: string,
  fixed: (rows: number, cols: number) => FixedVectors,
  rest: TruncationRule = relativeFrobenius,
): TruncationRule {
  return { name, description, rank: rest.rank, fixed };
}

/** Keeps the sums of rows and columns: mass, where entries are densities. */
export const conservative: TruncationRule = tunable(truncationRules, {
  name: "conservative",
  description:
    "relative-frobenius beside the constant vectors: sums of rows and columns do not change",
  defaults: { rest: relativeFrobenius.name },
  limits: { rest: { description: "rule for what is orthogonal to them" } },
  make: (_settings, named) => ({
    rank: named("rest").rank,
    fixed: (rows, cols) => ({ left: ones(rows), right: ones(cols) }),
  }),
});

/** Smallest rank whose tail has at most the fraction τ of Σ f(σ / σ₁), where nothing overflows. */
function fewest(sigma: Float64Array, tolerance: number, f: (x: number) => number): number {
  const shares = sigma.map((x) => f(x / (sigma[0]! || 1)));
  const allowed = tolerance * shares.reduce((sum, x) => sum + x, 0);
  let rank = sigma.length;
  for (let tail = 0; rank > 0; rank--) {
    tail += shares[rank - 1]!;
    if (tail > allowed) break;
  }
  return rank;
}

function ones(n: number): NonNullable<FixedVectors["left"]> {
  return matrixOf(n, 1, () => 1);
}
