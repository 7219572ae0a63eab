import type { Algebra } from "../algebra/mod.ts";
import {
  checkShape,
  difference,
  gaussianMatrix,
  innerProduct,
  requirePositive,
  sum,
} from "./matrices.ts";
import type { Check, Manifold, ManifoldKind, ManifoldSize, Retraction } from "./types.ts";

/**
 * All m×n matrices with the Frobenius inner product: the manifold of dense training.
 *
 * @param size `shape` [m, n].
 * @throws {RangeError} When the shape is not two positive integers.
 */
export function euclidean<M>(a: Algebra<M>, size: ManifoldSize): Manifold<M> {
  requirePositive("shape", size.shape, 2);
  const [rows, cols] = [size.shape[0]!, size.shape[1]!];
  const exp: Retraction<M, M> = {
    name: "exp",
    order: Infinity,
    retract: (x, xi) => Promise.resolve(sum(a, x, xi)),
  };
  const check = async (x: M): Promise<Check> => {
    const shape = checkShape(a, "the matrix", x, rows, cols);
    if (!shape.ok || Number.isFinite(await a.norm(x))) return shape;
    return { ok: false, reason: "the matrix holds NaN or infinity" };
  };
  const distance = (x: M, y: M): Promise<number> => a.norm(difference(a, x, y));
  return {
    name: "euclidean",
    description: `${rows}×${cols} matrices`,
    dimension: rows * cols,
    induced: true,
    quotient: false,
    retractions: [exp],
    transports: [{ name: "identity", isometric: true, transport: (_x, _y, xi) => done(xi) }],
    check,
    checkTangent: (_x, xi) => check(xi),
    project: (_x, z) => done(z),
    gradient: (_x, g) => done(g),
    inner: (_x, xi, eta) => innerProduct(a, xi, eta),
    norm: (_x, xi) => a.norm(xi),
    lincomb: (alpha, xi, beta, eta) => a.lincomb(alpha, xi, beta, eta),
    scale: (alpha, xi) => a.scale(alpha, xi),
    exp: exp.retract,
    log: (x, y) => done(difference(a, y, x)),
    distance,
    gap: distance,
    randomPoint: (random) => done(gaussianMatrix(a, random, rows, cols)),
    async randomTangent(_x, random) {
      const z = gaussianMatrix(a, random, rows, cols);
      return a.scale(1 / await a.norm(z), z);
    },
    toDense: (x) => [x],
    tangentToDense: (_x, xi) => done([xi]),
    fromDense: ([z]) => z!,
  };
}

function done<X>(x: X): Promise<X> {
  return Promise.resolve(x);
}

/** All m×n matrices, in the registry. */
export const euclideanKind: ManifoldKind = {
  name: "euclidean",
  description: "all matrices, Frobenius inner product",
  example: { shape: [7, 5] },
  create: euclidean,
};
