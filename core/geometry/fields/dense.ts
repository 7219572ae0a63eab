import type { Algebra } from "../../algebra/mod.ts";
import type { LinearMap, LocalField } from "./types.ts";

/** A matrix as a linear map. */
export function matrixMap<M>(a: Algebra<M>, matrix: M): LinearMap<M> {
  return {
    times: (x) => a.multiply(matrix, x),
    adjointTimes: (y) => a.multiply(matrix, y, { transposeLeft: true }),
  };
}

/** F given as an m×n matrix. */
export function denseField<M>(a: Algebra<M>, f: M): LocalField<M> {
  return {
    ...matrixMap(a, f),
    galerkin: (u, v) => a.multiply(u, a.multiply(f, v), { transposeLeft: true }),
  };
}
