/**
 * Truncation that leaves the products with given vectors as they are.
 *
 * @module
 */

import type { Algebra, Matrix } from "../../algebra/mod.ts";
import type { FixedVectors } from "../types.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import type { Truncated } from "./types.ts";

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
  const dot = (p: M, q: M): M => a.multiply(p, q, { transposeLeft: true });
  const left = await surroundings(a, y.u, fixed.left);
  const right = await surroundings(a, y.v, fixed.right);
  if (!left.other || !right.other) return await whole(a, y);
  const count = left.count + right.count;
  const toLeft = dot(y.u, left.other);
  const toRight = dot(y.v, right.other);
  const core = a.multiply(dot(toLeft, y.s), toRight);
  const rest = await cut({ u: left.other, s: core, v: right.other }, count);
  // Beside A, the left basis needs the kept directions and those of (I − AAᵀ) Y B.
  const across = right.basis && dot(toLeft, a.multiply(y.s, dot(y.v, right.basis)));
  const down = left.basis && dot(toRight, dot(y.s, dot(y.u, left.basis)));
  const u = joined(a, left.basis, a.multiply(left.other, await wider(a, rest.left, across)));
  const v = joined(a, right.basis, a.multiply(right.other, await wider(a, rest.right, down)));
  const lost = a.lincomb(1, core, -1, rebuilt(a, rest));
  const kept = a.lincomb(
    1,
    a.multiply(dot(dot(y.u, u), y.s), dot(y.v, v)),
    -1,
    a.multiply(dot(dot(left.other, u), lost), dot(right.other, v)),
  );
  return { ...await diagonalised(a, y, { u, s: kept, v }), discarded: rest.discarded };
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
  return joined(a, basis, directions && await a.complement(basis, directions));
}

function joined<M>(a: Algebra<M>, left: M | undefined, right: M | undefined): M {
  return a.hstack([left, right].filter((x) => x !== undefined));
}

/** The truncated core in the coordinates before its truncation. */
function rebuilt<M>(a: Algebra<M>, t: Truncated<M>): M {
  return a.multiply(a.multiply(t.left, t.y.s), t.right, { transposeRight: true });
}

/** Nothing is orthogonal to the vectors: all is kept. */
async function whole<M>(a: Algebra<M>, y: LowRank<M>): Promise<Truncated<M>> {
  return { ...await diagonalised(a, y, y), discarded: 0 };
}

async function diagonalised<M>(
  a: Algebra<M>,
  before: LowRank<M>,
  y: LowRank<M>,
): Promise<Omit<Truncated<M>, "discarded">> {
  const { p, sigma, q } = await a.svd(y.s);
  const [u, v] = [a.multiply(y.u, p), a.multiply(y.v, q)];
  return {
    y: { u, s: a.diagonal(sigma), v },
    singularValues: sigma,
    left: a.multiply(before.u, u, { transposeLeft: true }),
    right: a.multiply(before.v, v, { transposeLeft: true }),
  };
}
