/** Seeded matrices and matrix functions that tests share. */

import {
  type Algebra,
  hostAlgebra,
  type Matrix,
  matrixOf,
  transposed,
} from "../../core/algebra/mod.ts";
import { type LowRank, separableField } from "../../core/geometry/mod.ts";
import type { RightHandSide } from "../../core/integrators/mod.ts";
import type { Random } from "../../core/random.ts";

/** The float64 algebra with portable kernels. */
export const host: Algebra<Matrix> = hostAlgebra();

/** Standard normal entries. */
export function gaussian(random: Random, rows: number, cols: number): Matrix {
  return matrixOf(rows, cols, () => random.normal());
}

/** Orthonormal columns. */
export async function orthonormal(random: Random, rows: number, cols: number): Promise<Matrix> {
  return (await host.qr(gaussian(random, rows, cols))).q;
}

/** A random factorised matrix with the given singular values. */
export async function randomLowRank(
  random: Random,
  rows: number,
  cols: number,
  sigma: readonly number[],
): Promise<LowRank<Matrix>> {
  const r = sigma.length;
  const left = await orthonormal(random, r, r);
  const right = await orthonormal(random, r, r);
  const s = host.multiply(host.multiply(left, host.diagonal(sigma)), right);
  return { u: await orthonormal(random, rows, r), s, v: await orthonormal(random, cols, r) };
}

/** x − y. */
export function minus(x: Matrix, y: Matrix): Matrix {
  return host.lincomb(1, x, -1, y);
}

/** x + y. */
export function plus(x: Matrix, y: Matrix): Matrix {
  return host.lincomb(1, x, 1, y);
}

/** x y. */
export function times(...factors: Matrix[]): Matrix {
  return factors.reduce((x, y) => host.multiply(x, y));
}

/** Frobenius norm. */
export function norm(x: Matrix): number {
  return Math.sqrt(x.data.reduce((sum, a) => sum + a * a, 0));
}

/** Σ xᵢⱼ yᵢⱼ. */
export function inner(x: Matrix, y: Matrix): number {
  return x.data.reduce((sum, a, i) => sum + a * y.data[i]!, 0);
}

/** ‖x − y‖ / ‖y‖. */
export function relativeError(x: Matrix, y: Matrix): number {
  return norm(minus(x, y)) / norm(y);
}

/** Q Qᵀ. */
export function projector(q: Matrix): Matrix {
  return host.multiply(q, q, { transposeRight: true });
}

/** U S Vᵀ. */
export function dense(y: LowRank<Matrix>): Matrix {
  return host.multiply(times(y.u, y.s), y.v, { transposeRight: true });
}

/** P(Y) Z by its definition, with m×m and n×n projectors: the plain version. */
export function tangentProjection(y: LowRank<Matrix>, z: Matrix): Matrix {
  const [pu, pv] = [projector(y.u), projector(y.v)];
  return minus(plus(times(pu, z), times(z, pv)), times(pu, z, pv));
}

/** exp(x) by scaling, squaring and the Taylor series to order 18. */
export function expm(x: Matrix): Matrix {
  const squarings = Math.max(0, Math.ceil(Math.log2(Math.max(norm(x), 1e-300))) + 2);
  const small = host.scale(2 ** -squarings, x);
  let term = host.identity(x.rows);
  let sum = term;
  for (let k = 1; k <= 18; k++) {
    term = host.scale(1 / k, times(term, small));
    sum = plus(sum, term);
  }
  for (let i = 0; i < squarings; i++) sum = times(sum, sum);
  return sum;
}

/** Skew-symmetric matrix of spectral norm about one. */
export function skew(random: Random, n: number): Matrix {
  const b = gaussian(random, n, n);
  return host.scale(1 / (2 * Math.sqrt(n)), minus(b, transposed(b)));
}

/** Y ↦ A Y + Y Bᵀ + c Y as an operator on factorised matrices. */
export function sylvesterField(left: Matrix, right: Matrix, c: number): RightHandSide<Matrix> {
  const terms = [
    { left: (x: Matrix) => plus(times(left, x), host.scale(c, x)) },
    { right: (x: Matrix) => times(right, x) },
  ];
  return (_t, y) => separableField(host, y, terms);
}
