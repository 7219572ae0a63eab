/**
 * Tensors as field operators.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import {
  type DenseTensor,
  modeProducts,
  type TuckerTensor,
  unfoldCyclic,
} from "../../tensors/mod.ts";
import type { OpenTucker, TuckerFieldAt } from "./types.ts";

/** F given as a dense tensor. */
export function denseTensorField<M>(a: Algebra<M>, f: DenseTensor<M>): TuckerFieldAt<M> {
  return { contract: (bases) => modeProducts(a, f, bases, { transpose: true }) };
}

/**
 * F given in Tucker format. Costs O(Σ n_k r_k b_k) and the core.
 *
 * @param orthonormal Whether its factors are: products of one with itself are then left out. Default
 * false.
 */
export function tuckerField<M>(
  a: Algebra<M>,
  f: TuckerTensor<M>,
  orthonormal = false,
): TuckerFieldAt<M> {
  /** What remains of factor k between a basis and the core. */
  const between = (basis: M, u: M): M | undefined =>
    orthonormal && basis === u ? undefined : a.multiply(basis, u, { transposeLeft: true });
  return {
    contract: (bases) =>
      modeProducts(
        a,
        f.core,
        f.factors.map((u, k) => bases[k] === undefined ? u : between(bases[k]!, u)),
      ),
    // The mode that stays open is the largest: its factor comes last.
    along(mode, { core, factors }) {
      const rest = f.factors.map((u, k) => {
        if (k === mode) return undefined;
        return factors[k] === undefined ? u : between(factors[k]!, u);
      });
      const small = unfoldCyclic(a, modeProducts(a, f.core, rest), mode);
      const inside = a.multiply(small, unfoldCyclic(a, core, mode), { transposeRight: true });
      return a.multiply(f.factors[mode]!, inside);
    },
  };
}

/** {@linkcode TuckerFieldAt.along} of any field, also of one that has no cheaper way to it. */
export function contractAlong<M>(
  a: Algebra<M>,
  f: TuckerFieldAt<M>,
  mode: number,
  others: OpenTucker<M>,
): M {
  if (f.along) return f.along(mode, others);
  const open = f.contract(others.factors.map((u, k) => k === mode ? undefined : u));
  const rows = unfoldCyclic(a, others.core, mode);
  return a.multiply(unfoldCyclic(a, open, mode), rows, { transposeRight: true });
}
