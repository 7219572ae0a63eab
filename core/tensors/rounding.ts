import type { Algebra } from "../algebra/mod.ts";
import type { Decomposed } from "./decomposition.ts";
import { truncateModes } from "./hosvd.ts";
import { spendBudget, type TuckerTruncation } from "./truncation.ts";
import { orthonormalizeTucker, type TuckerTensor } from "./tucker.ts";

/**
 * Brings the ranks of a Tucker tensor down without forming the full tensor: QR of the factors, then
 * sequential truncation of the core. O(Σ n_k r_k² + the SVDs of an r₀×r₁×⋯ tensor).
 *
 * @param x Factors need not be orthonormal: sums, products.
 * @param truncation Error and ranks.
 * @returns The rounded tensor with orthonormal factors, and ‖X − result‖ exactly.
 *
 * @example The ranks of X + X are those of X again
 * ```ts
 * import { addTucker, denseTensor, hostAlgebra, matrix, roundTucker } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const u = matrix([3, 4], 2, 1);
 * const x = { core: denseTensor(a, [1], [1, 1, 1]), factors: [u, u, u] };
 * const sum = addTucker(a, 1, x, 1, x);
 * assertEquals(sum.core.shape, [2, 2, 2]);
 * assertEquals((await roundTucker(a, sum, { tolerance: 1e-10 })).tucker.core.shape, [1, 1, 1]);
 * ```
 */
export async function roundTucker<M>(
  a: Algebra<M>,
  x: TuckerTensor<M>,
  truncation: TuckerTruncation,
): Promise<Decomposed<M>> {
  const y = await orthonormalizeTucker(a, x);
  const choose = spendBudget(truncation, y.factors.length, await a.norm(y.core.data));
  const { tucker, discarded } = await truncateModes(a, y.core, choose);
  const factors = y.factors.map((q, k) => a.multiply(q, tucker.factors[k]!));
  return { tucker: { core: tucker.core, factors }, discarded };
}
