import type { Algebra } from "../algebra/mod.ts";
import type { Random } from "../random.ts";
import { gaussianMatrix, gram, innerProduct, sum } from "./matrices.ts";
import type { Manifold } from "./types.ts";

/** A smooth function on a manifold. */
export interface Objective<P, Z> {
  /** Its value at a point. */
  value(x: P): Promise<number>;
  /** Its Euclidean gradient there. */
  gradient(x: P): Promise<Z>;
}

/**
 * A random function for checks: Σ ½‖A X‖² + ⟨C, X⟩ over the matrices of a point, without the linear
 * part on quotients, where it would depend on the representative.
 */
export function randomObjective<M, P, T, Z>(
  a: Algebra<M>,
  manifold: Manifold<M, P, T, Z>,
  x: P,
  random: Random,
): Objective<P, Z> {
  const parts = manifold.toDense(x).map((m) => {
    const [rows, cols] = [a.rows(m), a.cols(m)];
    const square = a.scale(1 / Math.sqrt(rows), gaussianMatrix(a, random, rows, rows));
    const linear = gaussianMatrix(a, random, rows, cols);
    return { square, linear: manifold.quotient ? a.zerosLike(linear) : linear };
  });
  return {
    async value(y) {
      let result = 0;
      for (const [i, m] of manifold.toDense(y).entries()) {
        const { square, linear } = parts[i]!;
        const image = a.multiply(square, m);
        result += 0.5 * await innerProduct(a, image, image) + await innerProduct(a, linear, m);
      }
      return result;
    },
    gradient: (y) =>
      Promise.resolve(manifold.fromDense(
        manifold.toDense(y).map((m, i) => {
          const { square, linear } = parts[i]!;
          return sum(a, gram(a, square, a.multiply(square, m)), linear);
        }),
      )),
  };
}
