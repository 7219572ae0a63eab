/**
 * The substeps of projector splitting: each moves one factor, makes its basis orthonormal again
 * and turns the moments of the other factors into the new coordinates.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import { advance } from "../flows.ts";
import type { MomentSlots, RuleState } from "../memory.ts";
import { transportMoments } from "../transport.ts";
import type { StepOptions } from "../types.ts";
import { kFlow, lFlow, sFlow } from "./flows.ts";
import type { Point } from "./types.ts";

/** A point on its way through a splitting step. */
export interface SplitState<M> {
  /** The matrix. */
  readonly y: LowRank<M>;
  /** Moments in the coordinates of its bases. */
  readonly moments: MomentSlots<M>;
}

/** Where in the step a substep runs. */
export interface Substep<M> {
  /** Length; negative for the substep that runs backward. */
  readonly dt: number;
  /** Time since the start of the step at which it starts; default 0. */
  readonly time?: number;
  /** F at its start, where it is known. */
  readonly known?: FieldAt<M>;
}

/** A substep under way: it asks for F and ends in a new state. */
export type Substepping<M> = AsyncGenerator<Point<M>, SplitState<M>, FieldAt<M>>;

/** K-substep: U S moves along F V, then U₁ S = K anew. */
export async function* moveK<M>(
  a: Algebra<M>,
  { y, moments }: SplitState<M>,
  o: StepOptions<M>,
  { dt, time = 0, known }: Substep<M>,
): Substepping<M> {
  const k = yield* advance(a, { ...kFlow(a, y, known), time }, dt, o, moments);
  const u = await a.orthonormalize(k.value);
  const left = a.multiply(u, y.u, { transposeLeft: true });
  const s = a.multiply(u, k.value, { transposeLeft: true });
  const back = a.transpose(left);
  return {
    y: { u, s, v: y.v },
    moments: {
      ...slot("k", k.moments),
      ...slot("l", moments.l && transportMoments(a, o, moments.l, undefined, back)),
      ...slot("s", moments.s && transportMoments(a, o, moments.s, left, undefined)),
    },
  };
}

/** S-substep: S moves along Uᵀ F V, backward where `dt` is negative. */
export async function* moveS<M>(
  a: Algebra<M>,
  { y, moments }: SplitState<M>,
  o: StepOptions<M>,
  { dt, time = 0 }: Substep<M>,
): Substepping<M> {
  const s = yield* advance(a, { ...sFlow(y), time }, dt, o, moments);
  return { y: { ...y, s: s.value }, moments: { ...moments, ...slot("s", s.moments) } };
}

/** L-substep: V Sᵀ moves along Fᵀ U, then V₁ Sᵀ = L anew. */
export async function* moveL<M>(
  a: Algebra<M>,
  { y, moments }: SplitState<M>,
  o: StepOptions<M>,
  { dt, time = 0 }: Substep<M>,
): Substepping<M> {
  const l = yield* advance(a, { ...lFlow(a, y), time }, dt, o, moments);
  const v = await a.orthonormalize(l.value);
  const right = a.multiply(y.v, v, { transposeLeft: true });
  return {
    y: { u: y.u, s: a.multiply(l.value, v, { transposeLeft: true }), v },
    moments: {
      ...slot("k", moments.k && transportMoments(a, o, moments.k, undefined, right)),
      ...slot("l", l.moments),
      ...slot("s", moments.s && transportMoments(a, o, moments.s, undefined, right)),
    },
  };
}

function slot<M>(name: string, moments: RuleState<M> | undefined): MomentSlots<M> {
  return moments ? { [name]: moments } : {};
}
