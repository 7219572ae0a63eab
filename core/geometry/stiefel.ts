import type { Algebra } from "../algebra/mod.ts";
import { frameRetractionsFor } from "./frame_retractions.ts";
import {
  checkFrame,
  checkShape,
  checkSmall,
  difference,
  firstFault,
  gaussianMatrix,
  gram,
  innerProduct,
  matrixExponential,
  positiveQr,
  requirePositive,
  symmetricPart,
} from "./matrices.ts";
import { rotate } from "./rotation.ts";
import { canonicalLogarithm } from "./stiefel_logarithm.ts";
import type { Manifold, ManifoldKind, ManifoldSize } from "./types.ts";

/**
 * n×p matrices with orthonormal columns, XᵀX = I, with the Euclidean metric tr(ξᵀη). Tangent
 * vectors have skew-symmetric Xᵀξ.
 *
 * @param size `shape` [n, p], n ≥ p.
 * @throws {RangeError} When there are more columns than rows, or 1×1.
 */
export function stiefel<M>(a: Algebra<M>, size: ManifoldSize): Manifold<M> {
  return stiefelWith(a, size, "stiefel", {
    inner: (_x, xi, eta) => innerProduct(a, xi, eta),
    gradient: (x, g) => projectFrame(a, x, g),
    exp: (x, xi) => euclideanGeodesic(a, x, xi),
  });
}

/**
 * n×p matrices with orthonormal columns with the canonical metric tr(ξᵀ(I − XXᵀ/2)η), which comes
 * from the rotations that act on them and counts each of them once. Its logarithm is an iteration
 * for points within reach, up to a distance of about two.
 *
 * @param size `shape` [n, p], n ≥ p.
 * @throws {RangeError} When there are more columns than rows, or 1×1.
 */
export function canonicalStiefel<M>(a: Algebra<M>, size: ManifoldSize): Manifold<M> {
  return stiefelWith(a, size, "stiefel-canonical", {
    async inner(x, xi, eta) {
      const [s, t] = [gram(a, x, xi), gram(a, x, eta)];
      return await innerProduct(a, xi, eta) - 0.5 * await innerProduct(a, s, t);
    },
    gradient: (x, g) => difference(a, g, a.multiply(x, gram(a, g, x))),
    exp: (x, xi) => canonicalGeodesic(a, x, xi),
    log: (x, y) => canonicalLogarithm(a, x, y),
  });
}

/** What depends on the metric. */
interface Metric<M> {
  inner(x: M, xi: M, eta: M): Promise<number>;
  gradient(x: M, g: M): M;
  exp(x: M, xi: M): Promise<M>;
  log?(x: M, y: M): Promise<M>;
}

function stiefelWith<M>(
  a: Algebra<M>,
  size: ManifoldSize,
  name: string,
  metric: Metric<M>,
): Manifold<M> {
  const [n, p] = frameSize(size, stiefelDimension);
  const norm = async (x: M, xi: M): Promise<number> =>
    Math.sqrt(Math.max(0, await metric.inner(x, xi, xi)));
  const project = (x: M, z: M): Promise<M> => Promise.resolve(projectFrame(a, x, z));
  return {
    name,
    description: `${n}×${p} matrices with orthonormal columns`,
    dimension: stiefelDimension(n, p),
    induced: name === "stiefel",
    quotient: false,
    retractions: [
      ...frameRetractionsFor(a, name),
      { name: "exp", order: Infinity, retract: metric.exp },
    ],
    transports: [
      { name: "projection", isometric: false, transport: (_x, y, xi) => project(y, xi) },
      { name: "rotation", isometric: true, transport: (x, y, xi) => rotate(a, x, y, xi) },
    ],
    check: (x) => checkFrame(a, "the matrix", x, n, p),
    checkTangent: (x, xi) =>
      firstFault([
        () => checkShape(a, "the tangent vector", xi, n, p),
        async () => {
          const normal = await a.norm(symmetricPart(a, gram(a, x, xi)));
          return checkSmall(a, "skew symmetry of xᵀξ", normal, await a.norm(xi));
        },
      ]),
    project,
    gradient: (x, g) => Promise.resolve(metric.gradient(x, g)),
    inner: metric.inner,
    norm,
    lincomb: (alpha, xi, beta, eta) => a.lincomb(alpha, xi, beta, eta),
    scale: (alpha, xi) => a.scale(alpha, xi),
    exp: metric.exp,
    ...(metric.log ? { log: metric.log } : {}),
    gap: (x, y) => a.norm(difference(a, x, y)),
    randomPoint: (random) => positiveQr(a, gaussianMatrix(a, random, n, p)),
    async randomTangent(x, random) {
      const xi = projectFrame(a, x, gaussianMatrix(a, random, n, p));
      return a.scale(1 / await norm(x, xi), xi);
    },
    toDense: (x) => [x],
    tangentToDense: (_x, xi) => Promise.resolve([xi]),
    fromDense: ([z]) => z!,
  };
}

/**
 * Reads n and p.
 *
 * @param dimension Dimension of the manifold, which must not be a single point.
 * @throws {RangeError} When they are no extents of orthonormal frames.
 */
export function frameSize(
  size: ManifoldSize,
  dimension: (n: number, p: number) => number,
): [n: number, p: number] {
  requirePositive("shape", size.shape, 2);
  const [n, p] = [size.shape[0]!, size.shape[1]!];
  if (p > n) {
    throw new RangeError(
      `Cannot make a manifold of orthonormal columns: columns <= rows must hold, got ${n}×${p}`,
    );
  }
  if (dimension(n, p) > 0) return [n, p];
  throw new RangeError(
    `Cannot make a manifold of a single point: there is no direction at ${n}×${p}`,
  );
}

function stiefelDimension(n: number, p: number): number {
  return n * p - p * (p + 1) / 2;
}

/** Z − X sym(XᵀZ): normal vectors are X times symmetric, in both metrics. */
function projectFrame<M>(a: Algebra<M>, x: M, z: M): M {
  return difference(a, z, a.multiply(x, symmetricPart(a, gram(a, x, z))));
}

/**
 * [X, ξ] exp([[A, −ξᵀξ], [I, A]]) [I; 0] exp(−A) with A = Xᵀξ (Edelman, Arias, Smith: The geometry
 * of algorithms with orthogonality constraints, SIAM J. Matrix Anal. Appl. 20(2), 1998, 2.2.2).
 */
async function euclideanGeodesic<M>(a: Algebra<M>, x: M, xi: M): Promise<M> {
  const [p, s] = [a.cols(x), gram(a, x, xi)];
  const block = a.vstack([
    a.hstack([s, a.scale(-1, gram(a, xi, xi))]),
    a.hstack([a.identity(p), s]),
  ]);
  const first = a.columns(await matrixExponential(a, block), 0, p);
  const turned = a.multiply(first, await matrixExponential(a, a.scale(-1, s)));
  return a.multiply(a.hstack([x, xi]), turned);
}

/**
 * [X, Q] exp([[A, −Rᵀ], [R, 0]]) [I; 0] with A = Xᵀξ and Q R = (I − X Xᵀ) ξ (the same paper, 2.4.2).
 */
async function canonicalGeodesic<M>(a: Algebra<M>, x: M, xi: M): Promise<M> {
  const [p, s] = [a.cols(x), gram(a, x, xi)];
  const q = await a.complement(x, xi);
  if (q === undefined) return a.multiply(x, await matrixExponential(a, s));
  const [r, k] = [gram(a, q, xi), a.cols(q)];
  const block = a.vstack([
    a.hstack([s, a.scale(-1, a.transpose(r))]),
    a.hstack([r, a.zeros(k, k)]),
  ]);
  const first = a.columns(await matrixExponential(a, block), 0, p);
  return a.multiply(a.hstack([x, q]), first);
}

/** Orthonormal columns with the Euclidean metric, in the registry. */
export const stiefelKind: ManifoldKind = {
  name: "stiefel",
  description: "matrices with orthonormal columns, Euclidean metric",
  example: { shape: [8, 3] },
  create: stiefel,
};

/** Orthonormal columns with the canonical metric, in the registry. */
export const canonicalStiefelKind: ManifoldKind = {
  name: "stiefel-canonical",
  description: "matrices with orthonormal columns, canonical metric",
  example: { shape: [8, 3] },
  create: canonicalStiefel,
};
