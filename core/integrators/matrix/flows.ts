/**
 * The sub-flows that the integrators share, under the names of the literature.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { MomentSlots, RuleState } from "../memory.ts";
import type { Advanced, SubFlow } from "../types.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import type { Point, StepOptions } from "./types.ts";

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

/**
 * What a flow adds to its start. Where only the part outside the span of a basis counts, in which the
 * start lies, its sum with a small step would leave that part as a difference of large numbers.
 */
export function increments<M, P, F>(a: Algebra<M>, flow: SubFlow<M, P, F>): SubFlow<M, P, F> {
  return {
    ...flow,
    start: () => a.zerosLike(flow.start()),
    point: (x) => flow.point(a.lincomb(1, flow.start(), 1, x)),
  };
}

/** The directions that a flow adds to a basis: its increments, of which only the span counts. */
export function newDirections<M, P, F>(a: Algebra<M>, flow: SubFlow<M, P, F>): SubFlow<M, P, F> {
  return { ...increments(a, flow), spanOnly: true };
}

/** Advances one sub-flow with the step's stepper and the moments of its slot. */
export function advance<M>(
  a: Algebra<M>,
  flow: SubFlow<M>,
  dt: number,
  o: StepOptions<M>,
  moments: MomentSlots<M> = o.moments ?? {},
): AsyncGenerator<Point<M>, Advanced<M>, FieldAt<M>> {
  return o.stepper.advance(a, flow, dt, moments[flow.slot]);
}

/** The moments of the advanced slots, without those that kept none. */
export function collectMoments<M>(
  slots: Readonly<Record<string, Advanced<M>>>,
): MomentSlots<M> {
  const out: Record<string, RuleState<M>> = {};
  for (const [slot, { moments }] of Object.entries(slots)) {
    if (moments) out[slot] = moments;
  }
  return out;
}
