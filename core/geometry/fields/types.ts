/**
 * What a field is: F(Y) at one point of a manifold, as an operator.
 *
 * @module
 */

import type { DenseTensor } from "../../tensors/mod.ts";

/** What is there at once, or when others have answered: processes, clients, a device. */
export type Awaitable<T> = T | Promise<T>;

/**
 * F(Y) at one point, as an operator: never formed as m×n unless that is the cheapest way.
 *
 * @typeParam A What it answers with: at once, or later.
 *
 * @example Y′ = −Y as an operator
 * ```ts
 * import {
 *   type Awaitable, type FieldAt, hostAlgebra, type LocalField, matrix, type Matrix,
 * } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const y = matrix([1, 2, 3, 4], 2, 2);
 * const decay: LocalField<Matrix> = {
 *   times: (v) => a.scale(-1, a.multiply(y, v)),
 *   adjointTimes: (u) => a.scale(-1, a.multiply(y, u, { transposeLeft: true })),
 *   galerkin: (u, v) => a.scale(-1, a.multiply(u, a.multiply(y, v), { transposeLeft: true })),
 * };
 * const field: FieldAt<Matrix> = decay;
 * const column: Awaitable<Matrix> = field.times(matrix([1, 0], 2, 1));
 * assertEquals([...(await column).data], [-1, -3]);
 * ```
 */
export interface FieldAt<M, A = Awaitable<M>> {
  /** F(Y) V: m×k for v n×k. */
  times(v: M): A;
  /** F(Y)ᵀ U: n×k for u m×k. */
  adjointTimes(u: M): A;
  /** Uᵀ F(Y) V: k×l for u m×k and v n×l. */
  galerkin(u: M, v: M): A;
}

/** A field that answers at once. */
export type LocalField<M> = FieldAt<M, M>;

/**
 * F(Y) at one point, as an operator: the full tensor need never be formed.
 *
 * @typeParam A What it answers with where that is a matrix: at once, or later.
 * @typeParam D What it answers with where that is a tensor.
 *
 * @example A field of three modes, contracted with bases
 * ```ts
 * import {
 *   type DenseTensor, hostAlgebra, matrix, type Matrix, type OpenTucker, type SplitBasis, type
 *   TuckerFieldAt,
 * } from "@rankflow/rankflow";
 * import { denseTensor, denseTensorField } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const e = (i: number) => matrix([i === 0 ? 1 : 0, i === 1 ? 1 : 0], 2, 1);
 * const y: DenseTensor<Matrix> = denseTensor(a, [1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
 * const field: TuckerFieldAt<Matrix> = denseTensorField(a, y);
 * const entry = await field.contract([e(0), e(1), e(0)]);
 * assertEquals([entry.shape, entry.data.data[0]], [[1, 1, 1], 3]);
 *
 * const open: OpenTucker<Matrix> = { core: entry, factors: [undefined, e(0), e(0)] };
 * const grown: SplitBasis<Matrix> = { old: e(0), added: e(1) };
 * assertEquals([open.factors.length, grown.added.cols], [3, 1]);
 * ```
 */
export interface TuckerFieldAt<M, A = Awaitable<M>, D = Awaitable<DenseTensor<M>>> {
  /**
   * F(Y) ×ₖ Bₖᵀ over the modes that have a basis.
   *
   * @param bases One n_k×b_k matrix for each mode, or undefined to leave the mode as it is.
   * @param split The blocks that a basis consists of, where it has grown from one of the point: a
   * field may take what it knows of the old block and look at the new one only.
   * @returns The tensor with extent b_k, or n_k, in mode k.
   */
  contract(
    bases: readonly (M | undefined)[],
    split?: readonly (SplitBasis<M> | undefined)[],
  ): D;
  /**
   * F(Y)₍ₖ₎ T₍ₖ₎ᵀ: the unfolding of a mode times that of a tensor that has s there. The field need
   * not form F with that mode left open, which is its largest contraction; absent where there is no
   * cheaper way than to do so.
   *
   * @param mode k, from 0.
   * @param others T: its core has extent s in mode k, which has no factor.
   * @returns n_k×s.
   */
  along?(mode: number, others: OpenTucker<M>): A;
  /**
   * F(Y)₍ₖ₎ times the unfolding of Y's own core with the other factors: the gradient in factor k,
   * which a backward pass may have formed on its way.
   *
   * @param mode k, from 0.
   * @returns n_k×r_k; undefined where the field does not have it.
   */
  factorGradient?(mode: number): A | undefined;
}

/** A field of tensors that answers at once. */
export type LocalTuckerField<M> = TuckerFieldAt<M, M, DenseTensor<M>>;

/** A basis [old | added]. */
export interface SplitBasis<M> {
  /** Leading columns: the very matrix that was the basis before. */
  readonly old: M;
  /** The other columns. */
  readonly added: M;
}

/** A Tucker tensor that lacks the factors of some modes: there the core stands as it is. */
export interface OpenTucker<M> {
  /** Core. */
  readonly core: DenseTensor<M>;
  /** Factor of each mode, or undefined. */
  readonly factors: readonly (M | undefined)[];
}

/** A linear map of thin matrices, m×n or of any matrix that need not be formed. */
export interface LinearMap<M> {
  /** A X: m×k for x n×k. */
  times(x: M): M;
  /** Aᵀ Y: n×k for y m×k. */
  adjointTimes(y: M): M;
}
