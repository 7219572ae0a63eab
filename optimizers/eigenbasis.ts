/**
 * Sums of G Gᵀ and Gᵀ G and their eigenvectors: what Shampoo and SOAP share.
 *
 * @module
 */

import type { Algebra, LeftSvd, SettingLimits } from "../core/mod.ts";

/** Limits of the setting `maxSide`. */
export const sideLimits: SettingLimits = {
  integer: true,
  min: 1,
  description: "sides above this are left alone",
};

/** G Gᵀ and Gᵀ G, as far as they are no longer than `maxSide`. */
export function gramsWithin<M>(
  a: Algebra<M>,
  g: M,
  maxSide: number,
): { readonly left?: M; readonly right?: M } {
  return {
    ...(a.rows(g) <= maxSide ? { left: a.multiply(g, g, { transposeRight: true }) } : {}),
    ...(a.cols(g) <= maxSide ? { right: a.multiply(g, g, { transposeLeft: true }) } : {}),
  };
}

/** Eigenvectors and eigenvalues, descending, of a symmetric matrix that is not indefinite. */
export async function eigenvectors<M>(a: Algebra<M>, c: M): Promise<LeftSvd<M>> {
  return await a.leftSvd?.(c) ?? await a.svd(c);
}
