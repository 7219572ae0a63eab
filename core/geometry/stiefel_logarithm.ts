/**
 * The logarithm of the Stiefel manifold in the canonical metric, by an iteration; there is no closed
 * form.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { difference, gram, inverse, matrixExponential, sum } from "./matrices.ts";

const MAX_ITERATIONS = 200;
/** Square roots before the series: angles up to π become angles up to π/8. */
const ROOTS = 3;
/** Terms of the series of the inverse hyperbolic tangent: 0.2²ⁱ falls below round-off. */
const TERMS = 12;

/**
 * The tangent vector at X whose canonical geodesic ends in Y, where Y is within reach: the
 * orthogonal matrix [[M, ·], [N, ·]] with M = XᵀY and Q N = (I − XXᵀ) Y is completed such that the
 * lower right block of its logarithm vanishes (Zimmermann: A matrix-algebraic algorithm for the
 * Riemannian logarithm on the Stiefel manifold under the canonical metric, SIAM J. Matrix Anal.
 * Appl. 38(2), 2017).
 *
 * @param x Orthonormal columns, n×p.
 * @param y The same.
 * @throws {RangeError} When the points are so far apart that the iteration does not converge.
 */
export async function canonicalLogarithm<M>(a: Algebra<M>, x: M, y: M): Promise<M> {
  const found = await logarithm(a, x, y);
  if (found) return found;
  throw new RangeError(
    "Cannot take the logarithm: the points are too far apart, expected a geodesic distance " +
      "below about 2",
  );
}

async function logarithm<M>(a: Algebra<M>, x: M, y: M): Promise<M | undefined> {
  const p = a.cols(x);
  const q = await a.complement(x, y);
  if (q === undefined) {
    const turn = await rotationLogarithm(a, gram(a, x, y));
    return turn && a.multiply(x, turn);
  }
  const first = a.vstack([gram(a, x, y), gram(a, q, y)]);
  for (const rest of await completions(a, first, p)) {
    const log = await splitLogarithm(a, first, rest);
    if (!log) continue;
    return sum(a, a.multiply(x, upperRows(a, log, p)), a.multiply(q, lowerRows(a, log, p)));
  }
}

/** The first columns of the logarithm of [first, rest Φ] with Φ such that its corner vanishes. */
async function splitLogarithm<M>(a: Algebra<M>, first: M, start: M): Promise<M | undefined> {
  const [size, p] = [a.rows(first), a.cols(first)];
  let rest: M = start;
  for (let i = 0; i < MAX_ITERATIONS; i++) {
    const log = await rotationLogarithm(a, a.hstack([first, rest]));
    if (!log) return undefined;
    const corner = lowerRows(a, a.columns(log, p, size), p);
    if (await a.norm(corner) <= 4 * a.epsilon * size) return a.columns(log, 0, p);
    rest = a.multiply(rest, await matrixExponential(a, a.scale(-1, corner)));
  }
}

/**
 * Columns that complete orthonormal ones, with a lower right block as near to I as can be: two ways
 * of either determinant, of which real numbers allow only one.
 */
async function completions<M>(a: Algebra<M>, first: M, p: number): Promise<M[]> {
  const size = a.rows(first);
  const units = a.columns(a.identity(size), p, size);
  const rest = (await a.complement(first, units))!;
  const { p: left, sigma, q: right } = await a.svd(lowerRows(a, rest, p));
  const turned = a.multiply(rest, right);
  const mirror = a.diagonal(Array.from(sigma, (_, i) => i < sigma.length - 1 ? 1 : -1));
  return [turned, a.multiply(turned, mirror)].map((m) =>
    a.multiply(m, left, { transposeRight: true })
  );
}

function upperRows<M>(a: Algebra<M>, x: M, count: number): M {
  return a.transpose(a.columns(a.transpose(x), 0, count));
}

function lowerRows<M>(a: Algebra<M>, x: M, from: number): M {
  return a.transpose(a.columns(a.transpose(x), from, a.rows(x)));
}

/**
 * The skew-symmetric logarithm of an orthogonal matrix; undefined where an eigenvalue is −1 to
 * working precision, because there is none then, or more than one. The polar factor of I + V is √V,
 * and log W = 2 artanh((W − I)(W + I)⁻¹) converges fast for W near I.
 */
async function rotationLogarithm<M>(a: Algebra<M>, v: M): Promise<M | undefined> {
  const identity = a.identity(a.rows(v));
  let w: M = v;
  for (let i = 0; i < ROOTS; i++) {
    const { p, sigma, q } = await a.svd(sum(a, identity, w));
    if (!(sigma.at(-1)! > Math.sqrt(a.epsilon))) return undefined;
    w = a.multiply(p, q, { transposeRight: true });
  }
  const nearly = await inverse(a, sum(a, w, identity), "take the logarithm");
  const z = a.multiply(difference(a, w, identity), nearly);
  const square = a.multiply(z, z);
  let series = a.scale(1 / (2 * TERMS - 1), identity);
  for (let k = TERMS - 1; k >= 1; k--) {
    series = a.lincomb(1 / (2 * k - 1), identity, 1, a.multiply(square, series));
  }
  const log = a.scale(2 ** (ROOTS + 1), a.multiply(z, series));
  return a.lincomb(0.5, log, -0.5, a.transpose(log));
}
