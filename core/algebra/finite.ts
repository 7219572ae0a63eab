/**
 * What becomes of decompositions where numbers have left the finite ones.
 *
 * @module
 */

import { NonFiniteError } from "../checks.ts";
import type { Algebra } from "./algebra.ts";

/**
 * Decomposes a core; libraries that refuse what is not finite do so in words of their own.
 *
 * @param core What is decomposed.
 * @throws {NonFiniteError} When that fails and the core holds NaN or infinity.
 */
export async function decomposed<M, T>(
  a: Algebra<M>,
  core: M,
  decompose: () => Promise<T>,
): Promise<T> {
  try {
    return await decompose();
  } catch (error) {
    if (Number.isFinite(await a.norm(core))) throw error;
    throw notFinite();
  }
}

/**
 * Refuses singular values that are no numbers.
 *
 * @throws {NonFiniteError} When one is NaN or infinite.
 */
export function requireFinite(sigma: Float64Array): Float64Array {
  if (sigma.every(Number.isFinite)) return sigma;
  throw notFinite();
}

function notFinite(): NonFiniteError {
  return new NonFiniteError("Cannot truncate: the core must be finite, got NaN or infinity in it");
}
