/**
 * Fields with a factorised term added: F + U C Vᵀ and F + C ×ₖ Uₖ, never formed.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import type { FieldAt, LowRank } from "../geometry/mod.ts";
import { contractAlong, tuckerField, type TuckerFieldAt } from "../geometry/mod.ts";
import type { TuckerTensor } from "../tensors/mod.ts";

/**
 * F + U C Vᵀ as an operator: each projection costs one more skinny product for each basis.
 *
 * @param term Its core is C; products of its bases with themselves are taken as the identity.
 */
export function addToField<M>(a: Algebra<M>, field: FieldAt<M>, term: LowRank<M>): FieldAt<M> {
  const left = againstBasis(a, term.u);
  const right = againstBasis(a, term.v);
  const plus = (x: M, y: M): M => a.lincomb(1, x, 1, y);
  return {
    times(v) {
      const c = right(v);
      const moved = c ? a.multiply(term.s, c) : term.s;
      return plus(field.times(v), a.multiply(term.u, moved));
    },
    adjointTimes(u) {
      const c = left(u);
      const moved = c ? a.multiply(term.s, c, { transposeLeft: true }) : a.transpose(term.s);
      return plus(field.adjointTimes(u), a.multiply(term.v, moved));
    },
    galerkin(u, v) {
      const [l, r] = [left(u), right(v)];
      const rows = l ? a.multiply(l, term.s, { transposeLeft: true }) : term.s;
      return plus(field.galerkin(u, v), r ? a.multiply(rows, r) : rows);
    },
  };
}

/** The same for tensors in Tucker format. */
export function addToTuckerField<M>(
  a: Algebra<M>,
  field: TuckerFieldAt<M>,
  term: TuckerTensor<M>,
): TuckerFieldAt<M> {
  const added = tuckerField(a, term);
  return {
    contract(bases) {
      const [x, y] = [field.contract(bases), added.contract(bases)];
      return { shape: x.shape, data: a.lincomb(1, x.data, 1, y.data) };
    },
    along: (mode, others) =>
      a.lincomb(
        1,
        contractAlong(a, field, mode, others),
        1,
        contractAlong(a, added, mode, others),
      ),
  };
}

/** Bᵀ X for any X, computed once each; undefined for B itself, where it is the identity. */
function againstBasis<M>(a: Algebra<M>, basis: M): (x: M) => M | undefined {
  const known = new Map<M, M>();
  return (x) => {
    if (x === basis) return undefined;
    const found = known.get(x) ?? a.multiply(basis, x, { transposeLeft: true });
    known.set(x, found);
    return found;
  };
}
