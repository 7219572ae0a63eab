/**
 * Functions of singular values on matrices: cores are diagonal after each truncation, and then
 * nothing has to be factored.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";

/** A singular value decomposition S = P diag(σ) Qᵀ, or of a diagonal matrix, its own. */
export interface Spectrum<M> {
  /** Singular values; in the order of the diagonal where there are no factors. */
  readonly sigma: Float64Array;
  /** Makes P diag(values) Qᵀ. */
  readonly rebuild: (values: Float64Array) => M;
}

/** Singular values of an m×n matrix. */
export async function spectrumOf<M>(a: Algebra<M>, core: M): Promise<Spectrum<M>> {
  const diagonal = await diagonalOf(a, core);
  if (diagonal) {
    const sign = diagonal.map((v) => v < 0 ? -1 : 1);
    return {
      sigma: diagonal.map(Math.abs),
      rebuild: (values) => a.diagonal(values.map((v, i) => sign[i]! * v)),
    };
  }
  const { p, sigma, q } = await a.svd(core);
  return {
    sigma,
    rebuild: (values) => a.multiply(a.multiply(p, a.diagonal(values)), q, { transposeRight: true }),
  };
}

/** The diagonal of a square matrix that is zero elsewhere; undefined for any other matrix. */
export async function diagonalOf<M>(a: Algebra<M>, core: M): Promise<Float64Array | undefined> {
  const n = a.cols(core);
  if (a.rows(core) !== n) return undefined;
  const data = await a.read(core);
  for (let k = 0; k < data.length; k++) if (data[k] !== 0 && k % (n + 1) !== 0) return undefined;
  return Float64Array.from({ length: n }, (_, i) => data[i * (n + 1)]!);
}

/** Σ f(σ). */
export function sumOf(sigma: Float64Array, f: (s: number) => number): number {
  return sigma.reduce((sum, s) => sum + f(s), 0);
}
