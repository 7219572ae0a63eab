/**
 * What training has done to a matrix: directions that were not there before, and how large the change
 * is.
 *
 * @module
 */

import { hostAlgebra, type Matrix } from "../algebra/mod.ts";

/** Settings of {@linkcode matrixChange}. */
export interface ChangeOptions {
  /** How many of the leading vectors are looked at; default 10. */
  readonly leading?: number;
  /** Cosine below which none of the old vectors is like a new one; default 0.5. */
  readonly likeness?: number;
}

/** How a matrix has changed. */
export interface MatrixChange {
  /** Leading singular vectors at the outputs that are like none of the old ones. */
  readonly intruders: number;
  /** Indices of these, from 0. */
  readonly places: readonly number[];
  /** ‖W − W₀‖ / ‖W₀‖. */
  readonly size: number;
  /** Effective rank of the change, exp of the entropy of its squared singular values; 0 for none. */
  readonly effectiveRank: number;
  /** σ₁/σₖ before, k the smaller extent. */
  readonly conditionBefore: number;
  /** The same after. */
  readonly condition: number;
}

/**
 * Compares a trained matrix with its start by their singular vectors at the outputs: intruder
 * dimensions (Shuttleworth et al., "LoRA vs Full Fine-tuning: An Illusion of Equivalence", arXiv
 * 2410.21228), conditioning, and the effective rank of the change.
 *
 * @param before W₀, inputs×outputs.
 * @param after W.
 * @throws {RangeError} When their shapes differ.
 *
 * @example A direction that was not there
 * ```ts
 * import { matrixChange, matrix } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const before = matrix([3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0], 3, 4);
 * const mixed = matrix([3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 5, 5], 3, 4);
 * const { intruders, places } = await matrixChange(before, mixed, { likeness: 0.8 });
 * assertEquals([intruders, places], [1, [0]]);
 * ```
 */
export async function matrixChange(
  before: Matrix,
  after: Matrix,
  { leading = 10, likeness = 0.5 }: ChangeOptions = {},
): Promise<MatrixChange> {
  if (before.rows !== after.rows || before.cols !== after.cols) {
    throw new RangeError(
      `Cannot compare matrices: expected ${before.rows}×${before.cols} twice, got ` +
        `${after.rows}×${after.cols}`,
    );
  }
  const host = hostAlgebra();
  const [old, now] = [await host.svd(before), await host.svd(after)];
  const difference = host.lincomb(1, after, -1, before);
  const change = await host.svd(difference);
  const seen = now.sigma.filter((s) => s > 0).length;
  const count = Math.min(leading, seen);
  const cosines = host.multiply(old.q, host.columns(now.q, 0, count), { transposeLeft: true });
  const places = Array.from({ length: count }, (_, j) => j).filter((j) => {
    for (let i = 0; i < cosines.rows; i++) {
      if (Math.abs(cosines.data[i * count + j]!) >= likeness) return false;
    }
    return true;
  });
  return {
    intruders: places.length,
    places,
    size: await host.norm(difference) / await host.norm(before),
    effectiveRank: effectiveRank(change.sigma),
    conditionBefore: old.sigma[0]! / old.sigma.at(-1)!,
    condition: now.sigma[0]! / now.sigma.at(-1)!,
  };
}

function effectiveRank(sigma: Float64Array): number {
  const squares = sigma.map((s) => s * s);
  const total = squares.reduce((sum, x) => sum + x, 0);
  if (total === 0) return 0;
  const entropy = squares.reduce((sum, x) => {
    const p = x / total;
    return p === 0 ? sum : sum - p * Math.log(p);
  }, 0);
  return Math.exp(entropy);
}
