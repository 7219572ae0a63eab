/**
 * Bases that grow within a step.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { SplitBasis } from "../../geometry/fields/types.ts";
import { embedTensor, type TuckerTensor } from "../../tensors/mod.ts";

/** A Tucker tensor in augmented bases [Uₖ | Ũₖ]; its core has zeros in the new blocks. */
export interface AugmentedTucker<M> extends TuckerTensor<M> {
  /** The new directions Ũₖ of each mode; undefined where there are none. */
  readonly added: readonly (M | undefined)[];
  /** The blocks of the bases that have grown. */
  readonly split: readonly (SplitBasis<M> | undefined)[];
}

/**
 * The same tensor in bases that also span the columns of `ks`.
 *
 * @param y Orthonormal factors; they stay the leading columns.
 * @param ks For each mode an n_k×p matrix whose span is added, or undefined.
 */
export async function augmentTucker<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  ks: readonly (M | undefined)[],
): Promise<AugmentedTucker<M>> {
  const added: (M | undefined)[] = [];
  for (const [mode, u] of y.factors.entries()) {
    const k = ks[mode];
    added.push(k === undefined ? undefined : await a.complement(u, k));
  }
  const factors = y.factors.map((u, k) => {
    const extra = added[k];
    return extra === undefined ? u : a.hstack([u, extra]);
  });
  const core = embedTensor(a, y.core, factors.map((u) => a.cols(u)));
  const split = y.factors.map((old, k) => {
    const extra = added[k];
    return extra === undefined ? undefined : { old, added: extra };
  });
  return { core, factors, added, split };
}
