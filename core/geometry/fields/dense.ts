import type { Algebra } from "../../algebra/mod.ts";
import type { LinearMap, LocalField } from "./types.ts";

/** A matrix as a linear map. */
export function matrixMap<M>(a: Algebra<M>, matrix: M): LinearMap<M> {
  return {
    times: (x) => a.multiply(matrix, x),
    adjointTimes: (y) => a.multiply(matrix, y, { transposeLeft: true }),
  };
}

/**
 * F given as an m×n matrix.
 *
 * @example Products with a matrix
 * ```ts
 * import { denseField, hostAlgebra, matrix } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const field = denseField(hostAlgebra(), matrix([1, 2, 3, 4], 2, 2));
 * assertEquals([...field.times(matrix([1, 0], 2, 1)).data], [1, 3]);
 * ```
 */
export function denseField<M>(a: Algebra<M>, f: M): LocalField<M> {
  return {
    ...matrixMap(a, f),
    galerkin: (u, v) => a.multiply(u, a.multiply(f, v), { transposeLeft: true }),
  };
}
