/**
 * The sub-flows that the integrators share, under the names of the literature.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import type { SubFlow } from "../types.ts";

/** K-flow: K = U S moves with V fixed, dK/dt = F(K Vᵀ) V. */
export function kFlow<M>(a: Algebra<M>, y: LowRank<M>, known?: FieldAt<M>): SubFlow<M> {
  return {
    slot: "k",
    start: () => a.multiply(y.u, y.s),
    point: (k) => ({ u: k, s: a.identity(a.cols(k)), v: y.v }),
    project: (f) => f.times(y.v),
    ...(known ? { known } : {}),
  };
}

/** L-flow: L = V Sᵀ moves with U fixed, dL/dt = F(U Lᵀ)ᵀ U. */
export function lFlow<M>(a: Algebra<M>, y: LowRank<M>, known?: FieldAt<M>): SubFlow<M> {
  return {
    slot: "l",
    start: () => a.multiply(y.v, y.s, { transposeRight: true }),
    point: (l) => ({ u: y.u, s: a.identity(a.cols(l)), v: l }),
    project: (f) => f.adjointTimes(y.u),
    ...(known ? { known } : {}),
  };
}

/** S-flow (Galerkin): S moves with both bases fixed, dS/dt = Uᵀ F(U S Vᵀ) V. */
export function sFlow<M>(y: LowRank<M>, known?: FieldAt<M>): SubFlow<M> {
  return {
    slot: "s",
    start: () => y.s,
    point: (s) => ({ u: y.u, s, v: y.v }),
    project: (f) => f.galerkin(y.u, y.v),
    ...(known ? { known } : {}),
  };
}
