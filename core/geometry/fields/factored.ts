/**
 * Fields that are factorised matrices themselves.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import { gram } from "../matrices.ts";
import { remembered } from "./remembered.ts";
import type { LocalField } from "./types.ts";

/** A matrix U S Vᵀ with bases of any kind. */
export interface Factored<M> {
  /** U, m×r. */
  readonly u: M;
  /** S, r×q; default the identity. */
  readonly s?: M;
  /** V, n×q. */
  readonly v: M;
}

/**
 * F = U S Vᵀ: O((m + n) r k) for k columns. What the bases make of a matrix is computed once and
 * kept.
 *
 * @param orthonormal Whether the bases are: products of one with itself are then left out. Default
 * false.
 */
export function factoredField<M>(
  a: Algebra<M>,
  { u, v, s = a.identity(a.cols(u)) }: Factored<M>,
  orthonormal = false,
): LocalField<M> {
  // Uᵀ X and Vᵀ Y; undefined for the identity.
  const left = remembered((x: M) => orthonormal && x === u ? undefined : gram(a, u, x));
  const right = remembered((y: M) => orthonormal && y === v ? undefined : gram(a, v, y));
  return {
    times(y) {
      const c = right(y);
      return a.multiply(u, c === undefined ? s : a.multiply(s, c));
    },
    adjointTimes(x) {
      const c = left(x);
      return a.multiply(v, c === undefined ? a.transpose(s) : gram(a, s, c));
    },
    galerkin(x, y) {
      const [l, r] = [left(x), right(y)];
      const rows = l === undefined ? s : gram(a, l, s);
      return r === undefined ? rows : a.multiply(rows, r);
    },
  };
}
