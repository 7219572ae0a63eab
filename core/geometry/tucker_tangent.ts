/**
 * Tangent vectors of the manifold of tensors of fixed multilinear rank.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import {
  combineTensors,
  type DenseTensor,
  foldCyclic,
  modeProducts,
  tensorInner,
  type TuckerTensor,
  unfoldCyclic,
} from "../tensors/mod.ts";
import type { TuckerFieldAt } from "./fields/types.ts";
import { innerProduct, outside } from "./matrices.ts";
import { alignment, rotate } from "./rotation.ts";
import { type ModeRows, projectMode, turnedTucker } from "./tucker_views.ts";

/**
 * A tangent vector at X = C ×ₖ Uₖ,
 *
 *   ξ = Ċ ×ₖ Uₖ + Σₖ Kₖ ×ₖ Dₖ ×_{j≠k} Uⱼ  with Uₖᵀ Dₖ = 0,
 *
 * where Kₖ is the core with orthonormal rows in place of its k-th unfolding: C₍ₖ₎ = Rₖ Qₖᵀ, and
 * Kₖ has the unfolding Qₖᵀ. All parts are orthogonal to each other and no inverse of the core
 * occurs; Dₖ = U̇ₖ Rₖ in the notation of Koch and Lubich (Dynamical tensor approximation, SIAM J.
 * Matrix Anal. Appl. 31(5), 2010), who divide by it. For matrices this is `LowRankTangent`.
 */
export interface TuckerTangent<M> {
  /** Ċ, in the shape of the core. */
  readonly core: DenseTensor<M>;
  /** Dₖ, n_k×r_k: columns that turn the factors. */
  readonly turns: readonly M[];
}

/** Qₖ, (∏_{j≠k} r_j)×r_k: orthonormal basis of the rows of the k-th unfolding of the core. */
async function rowBasis<M>(a: Algebra<M>, core: DenseTensor<M>, k: number): Promise<M> {
  return (await a.qr(a.transpose(unfoldCyclic(a, core, k)))).q;
}

/** Those of all modes. */
async function rowBases<M>(a: Algebra<M>, core: DenseTensor<M>): Promise<ModeRows<M>[]> {
  const out: ModeRows<M>[] = [];
  for (const mode of core.shape.keys()) out.push({ mode, q: await rowBasis(a, core, mode) });
  return out;
}

/**
 * Projects Z onto the tangent space at X: Ċ = Z ×ₖ Uₖᵀ and Dₖ = (I − UₖUₖᵀ) (Z ×_{j≠k} Uⱼᵀ)₍ₖ₎ Qₖ.
 *
 * @param x Base point, orthonormal factors.
 * @param z Any tensor as an operator, contracted d + 1 times.
 */
export async function projectTucker<M>(
  a: Algebra<M>,
  x: TuckerTensor<M>,
  z: TuckerFieldAt<M>,
): Promise<TuckerTangent<M>> {
  const turns: M[] = [];
  for (const rows of await rowBases(a, x.core)) {
    turns.push(outside(a, x.factors[rows.mode]!, await projectMode(a, x, rows, z)));
  }
  return { core: await z.contract(x.factors), turns };
}

/** α X + ξ in Tucker format of twice the rank, factors [Uₖ | Dₖ]. */
export async function tangentTucker<M>(
  a: Algebra<M>,
  x: TuckerTensor<M>,
  xi: TuckerTangent<M>,
  alpha: number = 0,
): Promise<TuckerTensor<M>> {
  const core = combineTensors(a, alpha, x.core, 1, xi.core);
  return turnedTucker(a, x, await rowBases(a, x.core), core, xi.turns);
}

/** Kₖ. */
async function rowTensor<M>(
  a: Algebra<M>,
  core: DenseTensor<M>,
  k: number,
): Promise<DenseTensor<M>> {
  return foldCyclic(a, a.transpose(await rowBasis(a, core, k)), k, core.shape);
}

/** ⟨ξ, η⟩ in the Frobenius inner product: O(Σ n_k r_k + ∏ r_k). */
export async function innerTucker<M>(
  a: Algebra<M>,
  xi: TuckerTangent<M>,
  eta: TuckerTangent<M>,
): Promise<number> {
  let result = await tensorInner(a, xi.core, eta.core);
  for (const [k, d] of xi.turns.entries()) result += await innerProduct(a, d, eta.turns[k]!);
  return result;
}

/** A linear map of all parts. */
export function combineTucker<M>(
  f: (x: M, y: M) => M,
  xi: TuckerTangent<M>,
  eta: TuckerTangent<M>,
): TuckerTangent<M> {
  return {
    core: { shape: xi.core.shape, data: f(xi.core.data, eta.core.data) },
    turns: xi.turns.map((d, k) => f(d, eta.turns[k]!)),
  };
}

/**
 * ξ carried from X to Y by the shortest rotations that take the factors' spans, and then the row
 * spaces of the core, onto those of Y: tangent and isometric.
 */
export async function turnTucker<M>(
  a: Algebra<M>,
  x: TuckerTensor<M>,
  y: TuckerTensor<M>,
  xi: TuckerTangent<M>,
): Promise<TuckerTangent<M>> {
  const changes: M[] = [];
  for (const [k, u] of x.factors.entries()) changes.push(await alignment(a, u, y.factors[k]!));
  const turns: M[] = [];
  for (const [k, u] of x.factors.entries()) {
    const w = a.multiply(y.factors[k]!, changes[k]!);
    const others = changes.map((o, j) => j === k ? undefined : o);
    const rows = modeProducts(a, await rowTensor(a, x.core, k), others);
    const here = a.transpose(unfoldCyclic(a, rows, k));
    const turn = await alignment(a, here, await rowBasis(a, y.core, k));
    turns.push(
      a.multiply(await rotate(a, u, w, xi.turns[k]!), turn, { transposeRight: true }),
    );
  }
  return { core: modeProducts(a, xi.core, changes), turns };
}
