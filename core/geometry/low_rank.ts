/**
 * Factorised matrices: points of the manifold of rank-r matrices, and what is computed from their
 * factors alone.
 *
 * @module
 */

import { checkInteger } from "../checks.ts";
import { type Algebra, decomposed, requireFinite } from "../algebra/mod.ts";
import { difference, gram } from "./matrices.ts";

/**
 * A factorised matrix Y = U S Vᵀ.
 *
 * @example Twice a matrix of rank 1
 * ```ts
 * import { hostAlgebra, type LowRank, matrix, type Matrix, toDense } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const y: LowRank<Matrix> = { u: matrix([0, 1], 2, 1), s: matrix([3], 1, 1), v: matrix([1], 1, 1) };
 * const twice: LowRank<Matrix> = { ...y, s: a.scale(2, y.s) };
 * assertEquals([...toDense(a, twice).data], [0, 6]);
 * ```
 */
export interface LowRank<M> {
  /** Left basis, m×r; orthonormal columns between steps. */
  readonly u: M;
  /** Core, r×r. */
  readonly s: M;
  /** Right basis, n×r; orthonormal columns between steps. */
  readonly v: M;
}

/** A truncated matrix with what is needed to carry coordinates along. */
export interface Truncated<M> {
  /** The matrix after truncation; its core is diagonal. */
  readonly y: LowRank<M>;
  /** Singular values kept, descending. */
  readonly singularValues: Float64Array;
  /** Frobenius norm of the discarded part. */
  readonly discarded: number;
  /** Change of the left coordinates, k×r: UᵀU₁; without fixed vectors, U₁ is U times this. */
  readonly left: M;
  /** Change of the right coordinates, l×r. */
  readonly right: M;
}

/**
 * U S Vᵀ as an m×n matrix: for tests, reports and small problems.
 *
 * @example A matrix of rank 1
 * ```ts
 * import { hostAlgebra, matrix, toDense } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const y = { u: matrix([1, 0], 2, 1), s: matrix([3], 1, 1), v: matrix([0, 1], 2, 1) };
 * assertEquals([...toDense(hostAlgebra(), y).data], [0, 3, 0, 0]);
 * ```
 */
export function toDense<M>(a: Algebra<M>, y: LowRank<M>): M {
  return a.multiply(a.multiply(y.u, y.s), y.v, { transposeRight: true });
}

/**
 * Best rank-r approximation of a matrix, by its SVD.
 *
 * @param w m×n.
 * @param rank Between 1 and min(m, n).
 * @throws {RangeError} When the rank is no such integer.
 * @throws {NonFiniteError} When the matrix holds NaN or infinity.
 */
export async function lowRankOf<M>(a: Algebra<M>, w: M, rank: number): Promise<LowRank<M>> {
  const most = Math.min(a.rows(w), a.cols(w));
  checkInteger("approximate a matrix", "the rank", rank, { least: 1, most });
  const { left, right, singularValues } = await truncateCore(a, w, rank);
  return { u: left, s: a.diagonal(singularValues), v: right };
}

/**
 * Best approximation of a factorised matrix at a rank, by the SVD of its core:
 * ‖Y − result‖_F = `discarded` exactly.
 *
 * @param y Orthonormal bases; the core may be k×l.
 * @param rank The rank, or what chooses it from the singular values, descending.
 * @throws {NonFiniteError} When the core holds NaN or infinity.
 */
export async function truncateTo<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  rank: number | ((sigma: Float64Array) => number),
): Promise<Truncated<M>> {
  const leading = await truncateCore(a, y.s, rank);
  const { left, right, singularValues } = leading;
  const s = a.diagonal(singularValues);
  return { ...leading, y: { u: a.multiply(y.u, left), s, v: a.multiply(y.v, right) } };
}

/**
 * What of the coordinates of a core a truncation keeps: the singular vectors of its largest values.
 *
 * @param core k×l; a matrix of its own, whose best approximation is left · diag(σ) · rightᵀ.
 * @param rank As for {@linkcode truncateTo}.
 * @throws {NonFiniteError} When the core holds NaN or infinity.
 */
export async function truncateCore<M>(
  a: Algebra<M>,
  core: M,
  rank: number | ((sigma: Float64Array) => number),
): Promise<Omit<Truncated<M>, "y">> {
  // No bound at all is Infinity.
  if (typeof rank === "number" && rank !== Infinity) checkInteger("truncate", "the rank", rank);
  const { p, sigma, q } = await decomposed(a, core, () => a.svd(core));
  requireFinite(sigma);
  const r = Math.min(typeof rank === "number" ? rank : rank(sigma), sigma.length);
  return {
    singularValues: sigma.slice(0, r),
    discarded: Math.hypot(...sigma.subarray(r)),
    left: a.columns(p, 0, r),
    right: a.columns(q, 0, r),
  };
}

/** The same matrix with orthonormal bases, whatever they were. */
export async function orthonormalizeLowRank<M>(
  a: Algebra<M>,
  { u, s, v }: LowRank<M>,
): Promise<LowRank<M>> {
  const [left, right] = [await a.qr(u), await a.qr(v)];
  const rows = a.multiply(left.r, s);
  return { u: left.q, s: a.multiply(rows, right.r, { transposeRight: true }), v: right.q };
}

/**
 * ‖X − Y‖ in the Frobenius norm from the factors, without the cancellation of ⟨X, X⟩ − 2⟨X, Y⟩ +
 * ⟨Y, Y⟩: O((m + n) r²).
 *
 * @param x Orthonormal bases.
 */
export async function distanceLowRank<M>(
  a: Algebra<M>,
  x: LowRank<M>,
  y: LowRank<M>,
): Promise<number> {
  const [left, right] = [await jointBasis(a, x.u, y.u), await jointBasis(a, x.v, y.v)];
  const core = (z: LowRank<M>): M =>
    a.multiply(gram(a, left, z.u), a.multiply(z.s, gram(a, z.v, right)));
  return await a.norm(difference(a, core(x), core(y)));
}

/**
 * [U | Ũ]: an orthonormal basis of the columns of both, U its leading ones.
 *
 * @param u Orthonormal columns, m×r.
 * @param x m×k.
 */
export async function jointBasis<M>(a: Algebra<M>, u: M, x: M): Promise<M> {
  return beside(a, u, await a.complement(u, x));
}

/** Matrices side by side, the second of which may be missing. */
export function beside<M>(a: Algebra<M>, u: M, added: M | undefined): M {
  return added === undefined ? u : a.hstack([u, added]);
}

/**
 * The largest deviation of QᵀQ from the identity, element by element.
 *
 * @param q m×r.
 */
export async function orthogonalityDefect<M>(a: Algebra<M>, q: M): Promise<number> {
  const n = a.cols(q);
  const own = await a.read(gram(a, q, q));
  return own.reduce((worst, g, i) => Math.max(worst, Math.abs(g - (i % (n + 1) ? 0 : 1))), 0);
}
