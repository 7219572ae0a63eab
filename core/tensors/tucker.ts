/**
 * Tensors in Tucker format and their arithmetic, without the full tensor.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import {
  combineTensors,
  type DenseTensor,
  embedTensor,
  modeProduct,
  modeProducts,
  tensorInner,
} from "./dense_tensor.ts";

/**
 * A tensor in Tucker format, X = C ×₀ U₀ ×₁ U₁ ⋯.
 *
 * @example Four equal entries
 * ```ts
 * import { hostAlgebra, matrix, type Matrix, type TuckerTensor } from "@rankflow/rankflow";
 * import { denseTensor, tuckerToDense } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const ones = matrix([1, 1], 2, 1);
 * const y: TuckerTensor<Matrix> = { core: denseTensor(a, [5], [1, 1]), factors: [ones, ones] };
 * assertEquals([...tuckerToDense(a, y).data.data], [5, 5, 5, 5]);
 * ```
 */
export interface TuckerTensor<M> {
  /** Core, r₀×r₁×⋯. */
  readonly core: DenseTensor<M>;
  /** Factors U_k, n_k×r_k; orthonormal columns where a function says so. */
  readonly factors: readonly M[];
}

/** The full tensor: for tests, reports and small problems. */
export function tuckerToDense<M>(a: Algebra<M>, x: TuckerTensor<M>): DenseTensor<M> {
  return modeProducts(a, x.core, x.factors);
}

/** α X. */
export function scaleTucker<M>(a: Algebra<M>, alpha: number, x: TuckerTensor<M>): TuckerTensor<M> {
  return { ...x, core: { ...x.core, data: a.scale(alpha, x.core.data) } };
}

/**
 * Inner product of two tensors in Tucker format (its real part where numbers are complex), without
 * the full tensors: O(Σ n_k r_k s_k + core products).
 */
export function tuckerInner<M>(
  a: Algebra<M>,
  x: TuckerTensor<M>,
  y: TuckerTensor<M>,
): Promise<number> {
  const changes = x.factors.map((u, k) => a.multiply(y.factors[k]!, u, { transposeLeft: true }));
  return tensorInner(a, modeProducts(a, x.core, changes), y.core);
}

/**
 * Frobenius norm without the full tensor: the factors are orthonormalised first, so that it is
 * accurate to round-off also where terms of a sum cancel.
 */
export async function tuckerNorm<M>(a: Algebra<M>, x: TuckerTensor<M>): Promise<number> {
  return a.norm((await orthonormalizeTucker(a, x)).core.data);
}

/**
 * α X + β Y with the ranks of both added up: factors side by side, cores as blocks on the diagonal.
 * Round the result to bring the ranks down.
 *
 * @throws {RangeError} When the tensors differ in order.
 */
export function addTucker<M>(
  a: Algebra<M>,
  alpha: number,
  x: TuckerTensor<M>,
  beta: number,
  y: TuckerTensor<M>,
): TuckerTensor<M> {
  const [r, s] = [x.core.shape, y.core.shape];
  if (r.length !== s.length) {
    throw new RangeError(
      `Cannot add Tucker tensors: orders must be equal, got ${r.length} and ${s.length}`,
    );
  }
  const shape = r.map((rank, k) => rank + s[k]!);
  const core = combineTensors(
    a,
    alpha,
    embedTensor(a, x.core, shape),
    beta,
    embedTensor(a, y.core, shape, r),
  );
  return { core, factors: x.factors.map((u, k) => a.hstack([u, y.factors[k]!])) };
}

/**
 * The same tensor with orthonormal factors: U_k = Q_k R_k, the core takes the R_k. Ranks above the
 * extent of their mode come down to it.
 */
export async function orthonormalizeTucker<M>(
  a: Algebra<M>,
  x: TuckerTensor<M>,
): Promise<TuckerTensor<M>> {
  let core = x.core;
  const factors: M[] = [];
  for (const [mode, u] of x.factors.entries()) {
    const { q, r } = await a.qr(u);
    core = modeProduct(a, core, r, mode);
    factors.push(q);
  }
  return { core, factors };
}
