/**
 * Rank truncation of Tucker tensors within a step.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import { type TruncatedModes, truncateModes, type TuckerTensor } from "../../tensors/mod.ts";
import { clampedRank, NonFiniteError } from "../truncation.ts";
import type { Truncation } from "../types.ts";

/** Singular values of a mode that has not been looked at. */
const NONE: Float64Array = new Float64Array(0);

/** A truncated tensor with what is needed to carry coordinates along. */
export interface TruncatedTucker<M> {
  /** The tensor after truncation; orthonormal factors. */
  readonly y: TuckerTensor<M>;
  /** Singular values kept in each mode, descending; none where the bounds leave no choice. */
  readonly singularValues: readonly Float64Array[];
  /** Frobenius norm of the discarded part, exactly. */
  readonly discarded: number;
}

/**
 * Truncates mode after mode by the SVD of the core's unfoldings, each in what the modes before
 * have left: ‖Y − result‖² is the sum of the squares that the modes discard.
 *
 * @param y Orthonormal factors.
 * @param truncation Rule and clamps, for all modes or one by one.
 * @param current Ranks before the step, for rules that ask.
 * @throws {RangeError} When there are settings for another number of modes, or a rule keeps
 * vectors of a matrix.
 * @throws {NonFiniteError} When the core holds NaN or infinity.
 */
export async function truncateTucker<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  truncation: Truncation | readonly Truncation[],
  current?: readonly number[],
): Promise<TruncatedTucker<M>> {
  const each = truncationOfModes(truncation, y.factors.length);
  const { tucker, discarded, singularValues } = await truncateCore(a, y, each, current);
  const factors = y.factors.map((u, k) => {
    const turn = tucker.factors[k];
    return turn === undefined ? u : a.multiply(u, turn);
  });
  return { y: { core: tucker.core, factors }, singularValues, discarded };
}

function truncationOfModes(
  t: Truncation | readonly Truncation[],
  order: number,
): readonly Truncation[] {
  const each = "rule" in t ? Array<Truncation>(order).fill(t) : t;
  if (each.length !== order) {
    throw new RangeError(
      `Cannot truncate: one setting or ${order}, one for each mode, are needed, got ${each.length}`,
    );
  }
  const bound = each.find((m) => m.rule.fixed !== undefined);
  if (!bound) return each;
  throw new RangeError(
    `Cannot truncate a Tucker tensor by "${bound.rule.name}": ` +
      "a rule without fixed vectors is needed, those are vectors of a matrix",
  );
}

/** SVDs of the core; libraries that refuse what is not finite do so in words of their own. */
async function truncateCore<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  each: readonly Truncation[],
  current: readonly number[] | undefined,
): Promise<TruncatedModes<M>> {
  try {
    const choose = (sigma: Float64Array, mode: number): number =>
      clampedRank(sigma, each[mode]!, current?.[mode]);
    // Where the bounds leave no choice the basis stays as it is: windows of convolutions.
    const modes = [...y.core.shape.keys()];
    const free = modes.filter((k) => (each[k]!.minRank ?? 1) < y.core.shape[k]!);
    const out = await truncateModes(a, y.core, choose, free);
    return { ...out, singularValues: modes.map((k) => out.singularValues[k] ?? NONE) };
  } catch (error) {
    if (Number.isFinite(await a.norm(y.core.data))) throw error;
    throw new NonFiniteError(
      "Cannot truncate: the core must be finite, got NaN or infinity in it",
    );
  }
}
