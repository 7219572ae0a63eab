import type { Algebra } from "../../algebra/mod.ts";
import type { FieldAt } from "./types.ts";

/** F given as an m×n matrix. */
export function denseField<M>(a: Algebra<M>, f: M): FieldAt<M> {
  return {
    times: (v) => a.multiply(f, v),
    adjointTimes: (u) => a.multiply(f, u, { transposeLeft: true }),
    galerkin: (u, v) => a.multiply(u, a.multiply(f, v), { transposeLeft: true }),
  };
}
