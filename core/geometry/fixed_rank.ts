import type { Algebra } from "../algebra/mod.ts";
import { denseField, factoredField, type FieldAt } from "./fields/mod.ts";
import { distanceLowRank, type LowRank, toDense } from "./low_rank.ts";
import { lowRankRetractions } from "./low_rank_retractions.ts";
import {
  combineLowRank,
  innerLowRank,
  type LowRankTangent,
  projectLowRank,
  tangentLowRank,
  tangentOf,
} from "./low_rank_tangent.ts";
import {
  checkFrame,
  checkShape,
  checkSmall,
  firstFault,
  gaussianMatrix,
  gram,
  requirePositive,
} from "./matrices.ts";
import { alignment, rotate } from "./rotation.ts";
import type { Check, Manifold, ManifoldKind, ManifoldSize } from "./types.ts";

/** The manifold of rank-r matrices in factorised form. */
export type FixedRank<M> = Manifold<M, LowRank<M>, LowRankTangent<M>, FieldAt<M>>;

/**
 * The m×n matrices of rank r with the metric of the surrounding space. Nothing of size m×n is
 * formed, except by the functions named dense.
 *
 * @param size `shape` [m, n] and `ranks` [r], r ≤ min(m, n).
 * @throws {RangeError} When the rank does not fit.
 *
 * @example The gradient in factorised form
 * ```ts
 * import { denseField, fixedRank, hostAlgebra, matrixOf, Random } from "@rankflow/rankflow/core";
 * import { assert } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const manifold = fixedRank(a, { shape: [20, 10], ranks: [3] });
 * const y = await manifold.randomPoint(new Random(1));
 * const gradient = await manifold.gradient(y, denseField(a, matrixOf(20, 10, (i, j) => i - j)));
 * const next = await manifold.retractions[0]!.retract(y, manifold.scale(-0.01, gradient));
 * assert((await manifold.check(next)).ok);
 * ```
 */
export function fixedRank<M>(a: Algebra<M>, size: ManifoldSize): FixedRank<M> {
  const [m, n, r] = rankSize(size);
  return {
    name: "fixed-rank",
    description: `${m}×${n} matrices of rank ${r}`,
    dimension: (m + n - r) * r,
    induced: true,
    quotient: false,
    retractions: lowRankRetractions.list().map(({ name, order, retract }) => ({
      name,
      order,
      retract: (y, xi) => retract(a, y, xi),
    })),
    transports: [
      {
        name: "projection",
        isometric: false,
        transport: (x, y, xi) => projectLowRank(a, y, factoredField(a, tangentLowRank(a, x, xi))),
      },
      { name: "rotation", isometric: true, transport: (x, y, xi) => turn(a, x, y, xi) },
    ],
    check: (y) => checkPoint(a, y, m, n, r),
    checkTangent: (y, xi) => checkVector(a, y, xi, m, n, r),
    project: (y, z) => projectLowRank(a, y, z),
    gradient: (y, g) => projectLowRank(a, y, g),
    inner: (_y, xi, eta) => innerLowRank(a, xi, eta),
    norm: (_y, xi) => normOf(a, xi),
    lincomb: (alpha, xi, beta, eta) =>
      combineLowRank((p, q) => a.lincomb(alpha, p, beta, q), xi, eta),
    scale: (alpha, xi) => combineLowRank((p) => a.scale(alpha, p), xi, xi),
    gap: (x, y) => distanceLowRank(a, x, y),
    // Y = A B / √(m n) for Gaussian factors: singular values stay within a small factor.
    async randomPoint(random) {
      const left = await a.qr(gaussianMatrix(a, random, m, r));
      const right = await a.qr(gaussianMatrix(a, random, n, r));
      const s = a.multiply(left.r, right.r, { transposeRight: true });
      return { u: left.q, s: a.scale(1 / Math.sqrt(m * n), s), v: right.q };
    },
    async randomTangent(y, random) {
      const xi = tangentOf(a, y, {
        s: gaussianMatrix(a, random, r, r),
        k: gaussianMatrix(a, random, m, r),
        l: gaussianMatrix(a, random, n, r),
      });
      const length = await normOf(a, xi);
      return combineLowRank((p) => a.scale(1 / length, p), xi, xi);
    },
    toDense: (y) => [toDense(a, y)],
    tangentToDense: (y, xi) => Promise.resolve([toDense(a, tangentLowRank(a, y, xi))]),
    fromDense: ([z]) => denseField(a, z!),
  };
}

function rankSize(size: ManifoldSize): [m: number, n: number, r: number] {
  requirePositive("shape", size.shape, 2);
  requirePositive("ranks", size.ranks ?? [], 1);
  const [m, n, r] = [size.shape[0]!, size.shape[1]!, size.ranks![0]!];
  if (r <= Math.min(m, n)) return [m, n, r];
  throw new RangeError(
    `Cannot make a manifold of ${m}×${n} matrices of rank ${r}: ` +
      `the rank must be <= ${Math.min(m, n)}`,
  );
}

async function normOf<M>(a: Algebra<M>, xi: LowRankTangent<M>): Promise<number> {
  return Math.hypot(await a.norm(xi.core), await a.norm(xi.left), await a.norm(xi.right));
}

function checkPoint<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  m: number,
  n: number,
  r: number,
): Promise<Check> {
  return firstFault([
    () => checkFrame(a, "the left basis", y.u, m, r),
    () => checkFrame(a, "the right basis", y.v, n, r),
    () => checkShape(a, "the core", y.s, r, r),
    async () => {
      const { sigma } = await a.svd(y.s);
      if (sigma.at(-1)! > a.epsilon * sigma[0]!) return { ok: true };
      const rank = sigma.filter((s) => s > a.epsilon * sigma[0]!).length;
      return { ok: false, reason: `the rank must be ${r}, got ${rank} to working precision` };
    },
  ]);
}

function checkVector<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  xi: LowRankTangent<M>,
  m: number,
  n: number,
  r: number,
): Promise<Check> {
  return firstFault([
    () => checkShape(a, "the core of the tangent vector", xi.core, r, r),
    () => checkShape(a, "the left part of the tangent vector", xi.left, m, r),
    () => checkShape(a, "the right part of the tangent vector", xi.right, n, r),
    async () => {
      const inside = Math.hypot(
        await a.norm(gram(a, y.u, xi.left)),
        await a.norm(gram(a, y.v, xi.right)),
      );
      return checkSmall(a, "orthogonality to the bases", inside, await normOf(a, xi));
    },
  ]);
}

/**
 * ξ ↦ R ξ Qᵀ with the shortest rotations of the two bases. Tangent spaces depend on the spans of
 * the bases alone, so the result is tangent, and rotations keep all inner products.
 */
async function turn<M>(
  a: Algebra<M>,
  x: LowRank<M>,
  y: LowRank<M>,
  xi: LowRankTangent<M>,
): Promise<LowRankTangent<M>> {
  const [p, q] = [await alignment(a, x.u, y.u), await alignment(a, x.v, y.v)];
  const left = await rotate(a, x.u, a.multiply(y.u, p), xi.left);
  const right = await rotate(a, x.v, a.multiply(y.v, q), xi.right);
  return {
    core: a.multiply(a.multiply(p, xi.core), q, { transposeRight: true }),
    left: a.multiply(left, q, { transposeRight: true }),
    right: a.multiply(right, p, { transposeRight: true }),
  };
}

/** Matrices of one rank, in the registry. */
export const fixedRankKind: ManifoldKind = {
  name: "fixed-rank",
  description: "matrices of one rank in factorised form, embedded metric",
  example: { shape: [11, 8], ranks: [3] },
  create: fixedRank,
};
