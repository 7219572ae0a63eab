import type { Algebra } from "../algebra/mod.ts";
import { frameRetractionsFor } from "./frame_retractions.ts";
import {
  checkFrame,
  checkShape,
  checkSmall,
  firstFault,
  gaussianMatrix,
  gram,
  innerProduct,
  outside,
  positiveQr,
  sum,
} from "./matrices.ts";
import { alignment, rotate } from "./rotation.ts";
import { frameSize } from "./stiefel.ts";
import type { Manifold, ManifoldKind, ManifoldSize } from "./types.ts";

/**
 * The p-dimensional subspaces of n-dimensional space. A point is any n×p matrix with orthonormal
 * columns that spans the subspace; a tangent vector is the horizontal one, Xᵀξ = 0, and belongs to
 * that representative: X O goes with ξ O. The metric is tr(ξᵀη).
 *
 * @param size `shape` [n, p], n > p.
 * @throws {RangeError} When there are not fewer columns than rows.
 */
export function grassmann<M>(a: Algebra<M>, size: ManifoldSize): Manifold<M> {
  const [n, p] = frameSize(size, grassmannDimension);
  const project = (x: M, z: M): Promise<M> => Promise.resolve(outside(a, x, z));
  const exp = (x: M, xi: M): Promise<M> => geodesic(a, x, xi);
  return {
    name: "grassmann",
    description: `${p}-dimensional subspaces of ${n}-dimensional space`,
    dimension: grassmannDimension(n, p),
    induced: false,
    quotient: true,
    retractions: [
      ...frameRetractionsFor(a, "grassmann"),
      { name: "exp", order: Infinity, retract: exp },
    ],
    transports: [
      { name: "projection", isometric: false, transport: (x, y, xi) => lift(a, x, y, xi) },
      { name: "parallel", isometric: true, transport: (x, y, xi) => parallel(a, x, y, xi) },
    ],
    check: (x) => checkFrame(a, "the matrix", x, n, p),
    checkTangent: (x, xi) =>
      firstFault([
        () => checkShape(a, "the tangent vector", xi, n, p),
        async () => {
          const vertical = await a.norm(gram(a, x, xi));
          return checkSmall(a, "xᵀξ = 0", vertical, await a.norm(xi));
        },
      ]),
    project,
    gradient: project,
    inner: (_x, xi, eta) => innerProduct(a, xi, eta),
    norm: (_x, xi) => a.norm(xi),
    lincomb: (alpha, xi, beta, eta) => a.lincomb(alpha, xi, beta, eta),
    scale: (alpha, xi) => a.scale(alpha, xi),
    exp,
    log: (x, y) => logarithm(a, x, y),
    async distance(x, y) {
      return Math.hypot(...(await principalAngles(a, x, y)).angles);
    },
    // The sines of the principal angles, computed where nothing cancels.
    gap: (x, y) => a.norm(outside(a, x, y)),
    randomPoint: (random) => positiveQr(a, gaussianMatrix(a, random, n, p)),
    async randomTangent(x, random) {
      const xi = outside(a, x, gaussianMatrix(a, random, n, p));
      return a.scale(1 / await a.norm(xi), xi);
    },
    toDense: (x) => [x],
    tangentToDense: (_x, xi) => Promise.resolve([xi]),
    fromDense: ([z]) => z!,
  };
}

function grassmannDimension(n: number, p: number): number {
  return p * (n - p);
}

/** X Q cos(Σ) Qᵀ + P sin(Σ) Qᵀ for ξ = P Σ Qᵀ (Edelman, Arias, Smith 1998, 2.5.1). */
async function geodesic<M>(a: Algebra<M>, x: M, xi: M): Promise<M> {
  const { p, sigma, q } = await a.svd(xi);
  const along = a.multiply(a.multiply(x, q), a.diagonal(sigma.map(Math.cos)));
  const across = a.multiply(p, a.diagonal(sigma.map(Math.sin)));
  return a.multiply(sum(a, along, across), q, { transposeRight: true });
}

/** Principal angles between two subspaces with the directions that they turn to. */
interface Angles<M> {
  /** Descending, in [0, π/2]. */
  readonly angles: Float64Array;
  /** Directions outside span(X), n×p. */
  readonly p: M;
  /** Their partners in the coordinates of X, p×p. */
  readonly q: M;
}

/**
 * Sines from the part of the aligned Y outside span(X), cosines from XᵀY, so that small and right
 * angles are both accurate (Björck, Golub: Numerical methods for computing angles between linear
 * subspaces, Math. Comp. 27, 1973).
 */
async function principalAngles<M>(a: Algebra<M>, x: M, y: M): Promise<Angles<M>> {
  const cosines = await a.svd(gram(a, y, x));
  const aligned = a.multiply(y, a.multiply(cosines.p, cosines.q, { transposeRight: true }));
  const { p, sigma, q } = await a.svd(outside(a, x, aligned));
  const last = sigma.length - 1;
  const angles = sigma.map((sine, i) => Math.atan2(sine, cosines.sigma[last - i]!));
  return { angles, p, q };
}

/** P Θ Qᵀ: the horizontal vector at X that leads to span(Y) (Bendokat, Zimmermann, Absil: A Grassmann manifold handbook, 2024, algorithm 5.3). */
async function logarithm<M>(a: Algebra<M>, x: M, y: M): Promise<M> {
  const { angles, p, q } = await principalAngles(a, x, y);
  return a.multiply(a.multiply(p, a.diagonal(angles)), q, { transposeRight: true });
}

/** The horizontal part at Y of the vector that goes with the representative of X nearest to Y. */
async function lift<M>(a: Algebra<M>, x: M, y: M, xi: M): Promise<M> {
  return outside(a, y, a.multiply(xi, await alignment(a, x, y), { transposeRight: true }));
}

/** Parallel transport along the shortest geodesic: that is the shortest rotation. */
async function parallel<M>(a: Algebra<M>, x: M, y: M, xi: M): Promise<M> {
  const turn = await alignment(a, x, y);
  const moved = await rotate(a, x, a.multiply(y, turn), xi);
  return a.multiply(moved, turn, { transposeRight: true });
}

/** Subspaces, in the registry. */
export const grassmannKind: ManifoldKind = {
  name: "grassmann",
  description: "subspaces of one dimension, as spans of orthonormal columns",
  example: { shape: [9, 3] },
  create: grassmann,
};
