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

/** F given in Tucker format; factors need not be orthonormal. Costs O(Σ n_k r_k b_k) and the core. */
export function tuckerField<M>(a: Algebra<M>, f: TuckerTensor<M>): TuckerFieldAt<M> {
  return {
    contract: (bases) =>
      modeProducts(
        a,
        f.core,
        f.factors.map((u, k) => {
          const basis = bases[k];
          return basis === undefined ? u : a.multiply(basis, u, { transposeLeft: true });
        }),
      ),
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
