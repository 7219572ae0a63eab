/**
 * Rank truncation of factorised matrices.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import { type LowRank, type Truncated, truncateTo } from "../../geometry/low_rank.ts";
import { checkTruncation, clampedRank, keepsAll } from "../truncation.ts";
import type { Truncation } from "../types.ts";
import { truncateAround } from "./fixed_vectors.ts";

/**
 * Truncates Y = U S Vᵀ by the SVD of its core: the best approximation at the chosen rank, with
 * ‖Y − result‖_F = `discarded` exactly. Rules with fixed vectors truncate what is orthogonal to
 * them.
 *
 * Where the clamps keep all there is no SVD: the core stays as it is, and no singular values are told.
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
  const whole = await untouched(a, y, t);
  if (whole) return whole;
  const fixed = t.rule.fixed?.(a.rows(y.u), a.rows(y.v));
  if (!fixed) return await truncateTo(a, y, (sigma) => clampedRank(sigma, t, current));
  return await truncateAround(a, y, fixed, (rest, count) => {
    const [clamps, before] = [beside(t, count), current && Math.max(1, current - count)];
    return truncateTo(a, rest, (sigma) => clampedRank(sigma, clamps, before));
  });
}

/** The matrix as it is, where the clamps leave nothing to cut; undefined where an SVD has to tell. */
async function untouched<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  t: Truncation,
): Promise<Truncated<M> | undefined> {
  const size = a.rows(y.s);
  if (size !== a.cols(y.s) || !keepsAll(t, size)) return undefined;
  checkTruncation(t);
  // One that is not finite is refused by the SVD.
  if (!Number.isFinite(await a.norm(y.s))) return undefined;
  const same = a.identity(size);
  return { y, singularValues: NONE, discarded: 0, left: same, right: same };
}

/** Singular values that nobody has computed. */
const NONE: Float64Array = new Float64Array(0);

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
