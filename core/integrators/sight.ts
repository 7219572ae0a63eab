/**
 * What held bases miss of a field: the part of its projection onto the tangent space within them,
 * and the parts that turn one basis each, which are orthogonal to it and to each other.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { innerProduct } from "../geometry/matrices.ts";

/** What a look at F saw from a point: a plain record, so that it can be kept for the next look. */
export type Sight<M> = {
  /** F between all bases. */
  readonly core: M;
  /** By basis what turns it, (I − Uₖ Uₖᵀ) Fₖ Vₖ. */
  readonly turns: Readonly<Record<string, M>>;
  /** By basis the coordinates Vₖ of that, where they are not those of the other bases. */
  readonly rows?: Readonly<Record<string, M>>;
};

/**
 * How much of the projection P(Y) F lies within the bases, from 0 to 1; 1 where there is nothing.
 *
 * Of one look it is ‖core‖² / ‖P(Y) F‖². Of two looks, in the same bases at fields of independent
 * batches, squares give way to products of the two: those of what a batch has alone vanish in the
 * mean, and what is left is the share of the mean field.
 */
export async function shareWithin<M>(
  a: Algebra<M>,
  now: Sight<M>,
  before: Sight<M> = now,
): Promise<number> {
  const within = await innerProduct(a, now.core, before.core);
  let all = within;
  for (const [name, turn] of Object.entries(now.turns)) {
    all += await innerProduct(a, turn, before.turns[name]!);
  }
  return all > 0 ? Math.min(Math.max(within / all, 0), 1) : 1;
}
