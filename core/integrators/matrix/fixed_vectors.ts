/**
 * Truncation that leaves the products with given vectors as they are.
 *
 * @module
 */

import type { Algebra, Matrix } from "../../algebra/mod.ts";
import { factoredField } from "../../geometry/fields/factored.ts";
import { jointBasis, type LowRank, type Truncated, truncateTo } from "../../geometry/low_rank.ts";
import { difference, gram } from "../../geometry/matrices.ts";
import type { FixedVectors } from "../types.ts";

/**
 * Truncates only what is orthogonal to fixed vectors: with orthonormal bases A and B of theirs,
 * Y = [Y − (I − AAᵀ) Y (I − BBᵀ)] + (I − AAᵀ) Y (I − BBᵀ), and an SVD truncates the second term
 * alone. Aᵀ Y and Y B stay what they are to round-off, and the new bases span A and B (the
 * truncation of conservative low-rank methods: Einkemmer, Ostermann, Scalone: A robust and
 * conservative dynamical low-rank algorithm, J. Comput. Phys. 2023).
 *
 * @param y m×n, orthonormal bases.
 * @param fixed The vectors.
 * @param cut Truncates the rest, given the number of ranks that the fixed vectors take.
 */
export async function truncateAround<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  fixed: FixedVectors,
  cut: (rest: LowRank<M>, count: number) => Promise<Truncated<M>>,
): Promise<Truncated<M>> {
  const left = await surroundings(a, y.u, fixed.left);
  const right = await surroundings(a, y.v, fixed.right);
  if (!left.other || !right.other) return await inItsBases(a, y, y, 0);
  const whole = factoredField(a, y);
  const s = whole.galerkin(left.other, right.other);
  const rest = await cut({ u: left.other, s, v: right.other }, left.count + right.count);
  // Beside A, the left basis needs the kept directions and those of (I − AAᵀ) Y B.
  const across = right.basis && gram(a, left.other, whole.times(right.basis));
  const down = left.basis && gram(a, right.other, whole.adjointTimes(left.basis));
  const u = joined(a, left.basis, a.multiply(left.other, await wider(a, rest.left, across)));
  const v = joined(a, right.basis, a.multiply(right.other, await wider(a, rest.right, down)));
  const kept = a.multiply(a.multiply(rest.left, rest.y.s), rest.right, { transposeRight: true });
  const lost = { u: left.other, s: difference(a, s, kept), v: right.other };
  const core = difference(a, whole.galerkin(u, v), factoredField(a, lost).galerkin(u, v));
  return await inItsBases(a, y, { u, s: core, v }, rest.discarded);
}

/** An orthonormal basis of the fixed vectors, and what span(U) has beside it. */
async function surroundings<M>(
  a: Algebra<M>,
  u: M,
  vectors: Matrix | undefined,
): Promise<{ basis?: M; other: M | undefined; count: number }> {
  if (!vectors) return { other: u, count: 0 };
  const basis = await a.orthonormalize(a.from(vectors.data, vectors.rows, vectors.cols));
  return { basis, other: await a.complement(basis, u), count: a.cols(basis) };
}

async function wider<M>(a: Algebra<M>, basis: M, directions: M | undefined): Promise<M> {
  return directions === undefined ? basis : await jointBasis(a, basis, directions);
}

function joined<M>(a: Algebra<M>, basis: M | undefined, other: M): M {
  return basis === undefined ? other : a.hstack([basis, other]);
}

/** A matrix of full rank with a diagonal core, and the coordinates of those before in its bases. */
async function inItsBases<M>(
  a: Algebra<M>,
  before: LowRank<M>,
  after: LowRank<M>,
  discarded: number,
): Promise<Truncated<M>> {
  const t = await truncateTo(a, after, Infinity);
  const { u, v } = t.y;
  return { ...t, left: gram(a, before.u, u), right: gram(a, before.v, v), discarded };
}
