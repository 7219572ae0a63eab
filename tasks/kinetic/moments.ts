/**
 * Orthonormal functions of direction up to a degree: Legendre polynomials in a slab, harmonics that
 * are even in z on the half-sphere.
 *
 * @module
 */

import { checkInteger, type Matrix, matrixOf } from "../../core/mod.ts";
import type { Ordinates } from "./ordinates.ts";
import { gauss, product } from "./quadratures.ts";

/** Functions at the points of a rule that integrates products of two of them with Ω exactly. */
export interface MomentBasis {
  /** Values, functions × points. */
  readonly values: Matrix;
  /** The rule. */
  readonly ordinates: Ordinates;
}

/** All functions up to a degree. */
export function momentBasis(dimension: 1 | 2, degree: number): MomentBasis {
  checkInteger("make moments", "the degree", degree);
  return dimension === 1 ? legendreBasis(degree) : harmonics(degree);
}

/** With N + 1 points where N is odd, which has the eigenvectors of μ; one more where it is even. */
function legendreBasis(degree: number): MomentBasis {
  const ordinates = gauss.ordinates(degree + 1 + (degree + 1) % 2);
  return { values: legendreAt(degree, ordinates.x), ordinates };
}

/** Orthonormal Legendre polynomials up to a degree, functions × points. */
export function legendreAt(degree: number, mu: Float64Array): Matrix {
  const rows = Array.from(mu, (value) => orthonormalLegendre(degree, value));
  return matrixOf(degree + 1, rows.length, (l, q) => rows[q]![l]!);
}

/** √(l + ½) P_l(μ), l = 0 … degree. */
function orthonormalLegendre(degree: number, mu: number): number[] {
  const p = [1, mu];
  for (let l = 2; l <= degree; l++) {
    p.push(((2 * l - 1) * mu * p[l - 1]! - (l - 1) * p[l - 2]!) / l);
  }
  return p.slice(0, degree + 1).map((value, l) => value * Math.sqrt(l + 0.5));
}

/** (l, k) with l + k even, by degree, then by order. */
function harmonics(degree: number): MomentBasis {
  const ordinates = product.ordinates(2 * Math.ceil((degree + 2) / 2));
  return { values: harmonicsAt(degree, ordinates), ordinates };
}

/** Harmonics (l, k) up to a degree, functions × points; orthonormal on the half-sphere. */
export function harmonicsAt(degree: number, { x, y }: Pick<Ordinates, "x" | "y">): Matrix {
  const pairs: [l: number, k: number][] = [];
  for (let l = 0; l <= degree; l++) for (let k = -l; k <= l; k += 2) pairs.push([l, k]);
  return matrixOf(pairs.length, x.length, (row, q) => {
    const [l, k] = pairs[row]!;
    const angle = Math.atan2(y[q]!, x[q]!);
    const turn = k === 0 ? Math.SQRT2 : k > 0 ? 2 * Math.cos(k * angle) : 2 * Math.sin(-k * angle);
    return turn * associatedLegendre(l, Math.abs(k), Math.hypot(x[q]!, y[q]!));
  });
}

/** √((2l+1)/4π (l−k)!/(l+k)!) P_l^k(z) for z = √(1 − s²), without the sign (−1)^k. */
function associatedLegendre(l: number, k: number, s: number): number {
  const z = Math.sqrt(Math.max(0, 1 - s * s));
  let before = 0;
  let now = Math.sqrt(1 / (4 * Math.PI));
  for (let m = 1; m <= k; m++) now *= s * Math.sqrt((2 * m + 1) / (2 * m));
  for (let n = k + 1; n <= l; n++) {
    const [up, down] = [(2 * n + 1) / (n * n - k * k), (n - 1) ** 2 - k * k];
    const next = Math.sqrt(up * (2 * n - 1)) * z * now -
      (n > k + 1 ? Math.sqrt(up * down / (2 * n - 3)) * before : 0);
    [before, now] = [now, next];
  }
  return now;
}
