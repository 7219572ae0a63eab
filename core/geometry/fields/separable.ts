import type { Algebra } from "../../algebra/mod.ts";
import type { LowRank } from "../low_rank.ts";
import { factoredField } from "./factored.ts";
import { requireTerms } from "./sums.ts";
import type { LocalField } from "./types.ts";

/**
 * A Y Bᵀ, the operators as functions of thin matrices: stencils, diagonals, sparse or rank-one
 * matrices. Each is applied to r columns once, whatever the field is then asked for; their adjoints
 * are not needed, because A Y Bᵀ = (A U) S (B V)ᵀ.
 */
export interface SeparableTerm<M> {
  /** A X: m×k for x m×k; absent: the identity. */
  readonly left?: (x: M) => M;
  /** B X: n×k for x n×k; absent: the identity. */
  readonly right?: (x: M) => M;
}

/**
 * F(Y) = Σ Aᵢ Y Bᵢᵀ at a factorised Y: the right-hand side of transport, diffusion and Sylvester
 * equations. It is a matrix of rank p r for p terms: O((m + n) p r k) for k columns, and nothing
 * m×n is formed. Sources of low rank are added as `factoredField` by `sumField`.
 *
 * @param y Its bases need not be orthonormal.
 * @param terms One or more.
 * @throws {RangeError} When there is none.
 *
 * @example Differences along rows, with a speed for each column
 * ```ts
 * import { hostAlgebra, matrix, matrixOf, separableField } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const y = { u: matrix([1, 3, 6], 3, 1), s: a.identity(1), v: matrix([1, 1], 2, 1) };
 * const field = separableField(a, y, [{
 *   left: (x) => matrixOf(3, x.cols, (i, j) =>
 *     x.data[i * x.cols + j]! - (i > 0 ? x.data[(i - 1) * x.cols + j]! : 0)),
 *   right: (x) => a.multiply(a.diagonal([1, -2]), x),
 * }]);
 * assertEquals([...field.times(a.identity(2)).data], [1, -2, 2, -4, 3, -6]);
 * ```
 */
export function separableField<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  terms: readonly SeparableTerm<M>[],
): LocalField<M> {
  requireTerms(terms);
  const k = a.multiply(y.u, y.s);
  return factoredField(a, {
    u: a.hstack(terms.map(({ left }) => left ? left(k) : k)),
    v: a.hstack(terms.map(({ right }) => right ? right(y.v) : y.v)),
  });
}
