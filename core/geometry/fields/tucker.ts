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
import type {
  Awaitable,
  LocalField,
  LocalTuckerField,
  OpenTucker,
  TuckerFieldAt,
} from "./types.ts";

/** F given as a dense tensor. */
export function denseTensorField<M>(a: Algebra<M>, f: DenseTensor<M>): LocalTuckerField<M> {
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
): LocalTuckerField<M> {
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

/**
 * F of a matrix as that of a tensor of two modes.
 *
 * @param f F, never asked for with both modes open.
 */
export function twoModeField<M>(a: Algebra<M>, f: LocalField<M>): LocalTuckerField<M> {
  const products = (u: M | undefined, v: M | undefined): M => {
    if (u !== undefined && v !== undefined) return f.galerkin(u, v);
    if (v !== undefined) return f.times(v);
    if (u !== undefined) return a.transpose(f.adjointTimes(u));
    throw new RangeError("Cannot contract the field of a matrix: a basis is needed, got none");
  };
  return {
    contract([u, v]) {
      const data = products(u, v);
      return { shape: [a.rows(data), a.cols(data)], data };
    },
    along(mode, { core: { data }, factors: [u, v] }) {
      return mode === 0
        ? a.multiply(f.times(v!), data, { transposeRight: true })
        : a.multiply(f.adjointTimes(u!), data);
    },
  };
}

/** {@linkcode TuckerFieldAt.along} of any field, also of one that has no cheaper way to it. */
export function contractAlong<M>(
  a: Algebra<M>,
  f: LocalTuckerField<M>,
  mode: number,
  others: OpenTucker<M>,
): M;
/** The same of a field that may answer later. */
export function contractAlong<M>(
  a: Algebra<M>,
  f: TuckerFieldAt<M>,
  mode: number,
  others: OpenTucker<M>,
): Awaitable<M>;
export function contractAlong<M>(
  a: Algebra<M>,
  f: TuckerFieldAt<M>,
  mode: number,
  others: OpenTucker<M>,
): Awaitable<M> {
  if (f.along) return f.along(mode, others);
  const rows = unfoldCyclic(a, others.core, mode);
  const product = (open: DenseTensor<M>): M =>
    a.multiply(unfoldCyclic(a, open, mode), rows, { transposeRight: true });
  const open = f.contract(others.factors.map((u, k) => k === mode ? undefined : u));
  return open instanceof Promise ? open.then(product) : product(open);
}
