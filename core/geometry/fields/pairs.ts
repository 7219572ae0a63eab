import type { Algebra } from "../../algebra/mod.ts";
import { gram } from "../matrices.ts";
import { remembered } from "./remembered.ts";
import { sumOf } from "./sums.ts";
import type { LinearMap, LocalField } from "./types.ts";

/** What one use of a weight W, z = x W, leaves of its part Xᵀ D of the gradient. */
export interface FieldPair<M> {
  /** X, b×m, one row for each input: as a map, because it may be too large to be formed. */
  readonly x: LinearMap<M>;
  /** D, b×n: derivatives in the outputs. */
  readonly d: M;
  /** X U with the left basis of the point, which the pass has on its way. */
  readonly xu?: M;
  /** D V with the right basis of the point. */
  readonly dv?: M;
}

/** What a pass knows at its point. */
export interface PassPoint<M> {
  /** Left basis. */
  readonly u: M;
  /** Right basis. */
  readonly v: M;
  /** Uᵀ F V, where it is known. */
  readonly core?: M | undefined;
}

/**
 * F = Σ Xᵀ D over the uses of a weight: each projection costs two skinny products, for any bases,
 * also those augmented after the pass. Products with a basis are computed once and kept.
 *
 * @param at The point of the pass: products with its own bases, by these very matrices, are known.
 * @throws {RangeError} When asked without a pair.
 */
export function pairField<M>(
  a: Algebra<M>,
  pairs: readonly FieldPair<M>[],
  at?: PassPoint<M>,
): LocalField<M> {
  const known = pairs.map((pair) => ({
    ...pair,
    inputs: remembered((u: M) => u === at?.u && pair.xu !== undefined ? pair.xu : pair.x.times(u)),
    outputs: remembered((v: M) =>
      v === at?.v && pair.dv !== undefined ? pair.dv : a.multiply(pair.d, v)
    ),
  }));
  return {
    times: (v) => sumOf(a, known, ({ x, outputs }) => x.adjointTimes(outputs(v))),
    adjointTimes: (u) => sumOf(a, known, ({ d, inputs }) => gram(a, d, inputs(u))),
    galerkin: (u, v) =>
      at?.core !== undefined && u === at.u && v === at.v
        ? at.core
        : sumOf(a, known, ({ inputs, outputs }) => gram(a, inputs(u), outputs(v))),
  };
}
