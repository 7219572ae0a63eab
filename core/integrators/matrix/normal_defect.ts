/**
 * What a step at given ranks cannot follow: motion normal to the manifold of rank-r matrices.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import { factoredField, type FieldAt, sumField } from "../../geometry/fields/mod.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import { gaussianMatrix, outside } from "../../geometry/matrices.ts";
import { Random } from "../../random.ts";

/** Random vectors that estimate a norm, to a third of it or better. */
const PROBES = 8;

/** What a step lacks in the directions outside the bases that it started from. */
export interface NormalDefect<M> {
  /** Estimate of its Frobenius norm. */
  readonly norm: number;
  /** Its products with random vectors from the right. */
  readonly columns: M;
  /** And from the left. */
  readonly rows: M;
}

/**
 * (I − U₀U₀ᵀ) (∫F − Y₁) (I − V₀V₀ᵀ) of a step, where motion normal to the manifold shows; the integral
 * by Simpson's rule, so that the curvature of a motion along the manifold is none of it.
 *
 * @param start Bases that the step started from, orthonormal.
 * @param end Where it ended.
 * @param slopes F at the start, in the middle and at the end.
 * @param dt Its length.
 */
export async function normalDefect<M>(
  a: Algebra<M>,
  { u, v }: Pick<LowRank<M>, "u" | "v">,
  end: LowRank<M>,
  slopes: readonly [FieldAt<M>, FieldAt<M>, FieldAt<M>],
  dt: number,
): Promise<NormalDefect<M>> {
  const probes = (basis: M): M =>
    outside(a, basis, gaussianMatrix(a, new Random(1), a.rows(basis), PROBES));
  const defect = sumField(
    a,
    [...slopes, factoredField(a, end)],
    [dt / 6, 2 * dt / 3, dt / 6, -1],
  );
  const columns = outside(a, u, await defect.times(probes(v)));
  const rows = outside(a, v, await defect.adjointTimes(probes(u)));
  // E ‖Z ω‖² = ‖Z‖² for standard normal ω.
  return { norm: await a.norm(columns) / Math.sqrt(PROBES), columns, rows };
}
