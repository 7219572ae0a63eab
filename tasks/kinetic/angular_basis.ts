/**
 * Discretisations in angle, as low-rank and moment methods see them: coordinates in which the norm
 * of a row is the L² norm over directions, and φ = √|S| Y e for one unit vector e.
 *
 * @module
 */

import { type Algebra, type Matrix, matrix, type SeparableTerm } from "../../core/mod.ts";
import { mirrorImages, type Ordinates } from "./ordinates.ts";
import { momentBasis } from "./moments.ts";

/** B X for the columns X, n×k, of a right basis. */
export type AngularMap = NonNullable<SeparableTerm<Matrix>["right"]>;

/** The parts of Ωₓ or Ω_y that carry forwards and backwards. */
export interface Streaming {
  /** (A + |A|)/2. */
  readonly plus: AngularMap;
  /** (A − |A|)/2. */
  readonly minus: AngularMap;
  /**
   * Makes the map to what a mirror across the axis makes of ψ.
   *
   * @throws {RangeError} When a direction has no mirror image.
   */
  readonly mirror: () => AngularMap;
}

/** Coordinates in angle. */
export interface AngularBasis {
  /** How many there are. */
  readonly size: number;
  /** |S|. */
  readonly total: number;
  /** e, n×1: what an isotropic ψ is a multiple of. */
  readonly isotropic: Matrix;
  /** Along x, and along y unless in a slab. */
  readonly streaming: readonly Streaming[];
  /** The directions, where coordinates are ψ in each times the root of its weight. */
  readonly ordinates?: Ordinates;
}

/** S_N: ψ in every direction times the root of its weight. */
export function ordinateBasis(ordinates: Ordinates): AngularBasis {
  const { x, y, weights, total } = ordinates;
  const along = (speeds: Float64Array): Streaming => ({
    plus: scaled(speeds.map((a) => Math.max(a, 0))),
    minus: scaled(speeds.map((a) => Math.min(a, 0))),
    mirror() {
      const images = imagesOf(ordinates, speeds);
      return ({ rows, cols, data }) => {
        const at = (k: number): number => images[Math.floor(k / cols)]! * cols + k % cols;
        return { rows, cols, data: data.map((_, k) => data[at(k)]!) };
      };
    },
  });
  const slab = y.every((value) => value === 0);
  return {
    size: weights.length,
    total,
    isotropic: matrix(weights.map((w) => Math.sqrt(w / total)), weights.length, 1),
    streaming: slab ? [along(x)] : [along(x), along(y)],
    ordinates,
  };
}

/** Mirror images of directions across the axis along which they have these speeds. */
function imagesOf(ordinates: Ordinates, speeds: Float64Array): Int32Array {
  const alongX = speeds === ordinates.x;
  return mirrorImages(ordinates, alongX ? -1 : 1, alongX ? 1 : -1);
}

/** Factors times rows. */
function scaled(factors: Float64Array): AngularMap {
  return ({ rows, cols, data }) => ({
    rows,
    cols,
    data: data.map((value, k) => factors[Math.floor(k / cols)]! * value),
  });
}

/** P_N: moments with orthonormal harmonics up to degree N, upwind by the eigenvalues of Ω. */
export async function harmonicBasis(
  a: Algebra<Matrix>,
  dimension: 1 | 2,
  degree: number,
): Promise<AngularBasis> {
  const { values, ordinates } = momentBasis(dimension, degree);
  const { weights, total } = ordinates;
  const along = async (speeds: Float64Array): Promise<Streaming> => {
    const weighted = scaleColumns(values, weights.map((w, q) => w * speeds[q]!));
    const full = a.multiply(weighted, values, { transposeRight: true });
    const size = await absolute(a, full);
    const [plus, minus] = [a.lincomb(0.5, full, 0.5, size), a.lincomb(0.5, full, -0.5, size)];
    return {
      plus: (v) => a.multiply(plus, v),
      minus: (v) => a.multiply(minus, v),
      mirror: () => scaled(parities(speeds)),
    };
  };
  /** 1 of functions that a mirror leaves as they are, −1 of those whose sign it turns. */
  const parities = (speeds: Float64Array): Float64Array => {
    const images = imagesOf(ordinates, speeds);
    const value = (k: number, q: number): number => values.data[k * values.cols + q]!;
    return Float64Array.from({ length: values.rows }, (_, k) => {
      const terms = weights.map((w, q) => w * value(k, q) * value(k, images[q]!));
      return Math.sign(terms.reduce((sum, term) => sum + term, 0));
    });
  };
  const axes = dimension === 1 ? [ordinates.x] : [ordinates.x, ordinates.y];
  const streaming: Streaming[] = [];
  for (const speeds of axes) streaming.push(await along(speeds));
  const isotropic = matrix(
    Float64Array.from({ length: values.rows }, (_, k) => k ? 0 : 1),
    values.rows,
    1,
  );
  return { size: values.rows, total, isotropic, streaming };
}

/** |A| = (AᵀA)^{1/2} of a symmetric matrix: P Σ Pᵀ, whatever signs its SVD has. */
async function absolute(a: Algebra<Matrix>, x: Matrix): Promise<Matrix> {
  const { p, sigma } = await a.svd(x);
  return a.multiply(scaleColumns(p, sigma), p, { transposeRight: true });
}

function scaleColumns({ rows, cols, data }: Matrix, factors: Float64Array): Matrix {
  return { rows, cols, data: data.map((value, k) => value * factors[k % cols]!) };
}
