/**
 * Rank truncation of factorised matrices.
 *
 * @module
 */

import type { Algebra, Svd } from "../../algebra/mod.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import { clampedRank, notFinite } from "../truncation.ts";
import type { Truncation } from "../types.ts";
import { truncateAround } from "./fixed_vectors.ts";
import type { Truncated } from "./types.ts";

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
