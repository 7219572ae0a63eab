/**
 * Rank truncation of Tucker tensors within a step.
 *
 * @module
 */

import { type Algebra, decomposed } from "../../algebra/mod.ts";
import {
  type RankChoice,
  spendBudget,
  truncateModes,
  type TuckerTensor,
} from "../../tensors/mod.ts";
import { checkTruncation, clampedRank } from "../truncation.ts";
import type { Truncation } from "../types.ts";
import type { ModeTruncation } from "./types.ts";

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
 * @param truncation Rule and clamps, for all modes or one by one, or an error that they share.
 * @param current Ranks before the step, for rules that ask.
 * @throws {RangeError} When there are settings for another number of modes, or a rule keeps
 * vectors of a matrix.
 * @throws {NonFiniteError} When the core holds NaN or infinity.
 */
export async function truncateTucker<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  truncation: ModeTruncation,
  current?: readonly number[],
): Promise<TruncatedTucker<M>> {
  const { choose, free } = await rulesOf(a, y, truncation, current);
  const { tucker, discarded, singularValues } = await decomposed(
    a,
    y.core.data,
    () => truncateModes(a, y.core, choose, free),
  );
  const factors = y.factors.map((u, k) => {
    const turn = tucker.factors[k];
    return turn === undefined ? u : a.multiply(u, turn);
  });
  const values = y.core.shape.map((_, k) => singularValues[k] ?? NONE);
  return { y: { core: tucker.core, factors }, singularValues: values, discarded };
}

/**
 * Refuses settings that make no sense: also where an integrator of fixed ranks would never look at
 * them.
 *
 * @param order Number of modes.
 * @throws {RangeError} Naming the setting.
 */
export function checkModeTruncation(t: ModeTruncation, order: number): void {
  if ("rule" in t || isList(t)) truncationOfModes(t, order).forEach(checkTruncation);
  else spendBudget(t, order, 0);
}

/** What decides the ranks. */
interface Rules {
  readonly choose: RankChoice;
  /** Modes that may shrink; the others stay as they are: windows of convolutions. */
  readonly free: readonly number[];
}

async function rulesOf<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  t: ModeTruncation,
  current: readonly number[] | undefined,
): Promise<Rules> {
  const modes = [...y.core.shape.keys()];
  if (!("rule" in t) && !isList(t)) {
    const share = spendBudget(t, modes.length, await a.norm(y.core.data));
    return { choose: share, free: modes };
  }
  const each = truncationOfModes(t, modes.length);
  return {
    choose: (sigma, mode) => clampedRank(sigma, each[mode]!, current?.[mode]),
    // Where the bounds leave no choice there is nothing to do.
    free: modes.filter((k) => (each[k]!.minRank ?? 1) < y.core.shape[k]!),
  };
}

/** Array.isArray() does not know readonly arrays. */
function isList(t: ModeTruncation): t is readonly Truncation[] {
  return Array.isArray(t);
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
