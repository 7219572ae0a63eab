import type { Algebra } from "../../algebra/mod.ts";
import type { FieldAt } from "../../geometry/fields/types.ts";
import type { LowRank } from "../../geometry/low_rank.ts";
import { difference, outside, sum } from "../../geometry/matrices.ts";
import { advance, collectMoments } from "../flows.ts";
import {
  hasScales,
  type MomentSlots,
  momentumOfCore,
  type RuleState,
  type Stepping,
  tangentIn,
  withTangent,
} from "../memory.ts";
import type { Sight } from "../sight.ts";
import type { StepOptions, StepResult } from "../types.ts";
import { truncatedResult } from "./augmentation.ts";
import { sFlow } from "./flows.ts";
import { transportSlots } from "./transport.ts";
import { truncate } from "./truncation.ts";
import type { Integrator } from "./types.ts";

/**
 * The core alone: dS/dt = Uᵀ F(U S Vᵀ) V with both bases held. Y stays in span(U) ⊗ span(V), so it
 * is no integrator of its own, but what lies between two steps of one. With a gradient step η and
 * an L-smooth loss it descends by η (1 − ηL/2) ‖Uᵀ F V‖².
 */
export const heldBases: Integrator = {
  name: "held-bases",
  description: "the core moves, the bases stand still",
  order: 1,
  evaluations: 1,
  adaptive: false,
  async *step(a, y, dt, o) {
    const before = o.moments ?? {};
    const s = yield* advance(a, sFlow(y), dt, o);
    const moments = { ...before, ...collectMoments({ s }) };
    return { y: { ...y, s: s.value }, moments: followed(a, o, y, before, moments), discarded: 0 };
  },
};

/**
 * A look at F from a point: its core and what turns the bases.
 *
 * @param y Orthonormal bases.
 * @param f F at `y`, asked for F V, Fᵀ U and Uᵀ F V.
 */
export async function sightOf<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  f: FieldAt<M>,
): Promise<Sight<M>> {
  const turns = {
    k: outside(a, y.u, await f.times(y.v)),
    l: outside(a, y.v, await f.adjointTimes(y.u)),
  };
  return { core: await f.galerkin(y.u, y.v), turns };
}

/**
 * Truncates after steps of the core, in bases that an integrator has grown before. Moments that
 * belong to the coordinates of K and L, and those that are one tangent vector, follow as they are;
 * else momentum is that of the core, as in the steps of integrators that grow bases.
 *
 * @param rank Rank before the bases grew.
 */
export async function truncatedHeld<M>(
  a: Algebra<M>,
  y: LowRank<M>,
  moments: MomentSlots<M>,
  o: StepOptions<M>,
  rank: number,
): Promise<StepResult<M>> {
  if (momentumOfCore(o, moments)) return await truncatedResult(a, y, moments.s, o, rank);
  const t = await truncate(a, y, o.truncation, rank);
  return { ...t, moments: await transportSlots(a, o, moments, y, t.y) };
}

/**
 * Moments whose core has moved. Where those of all factors are one tangent vector
 * ξ = dK Vᵀ + U dLᵀ − U dS Vᵀ, its core is Uᵀ dK and dLᵀ V as well, and moves there, too.
 */
function followed<M>(
  a: Algebra<M>,
  o: Stepping,
  y: LowRank<M>,
  before: MomentSlots<M>,
  after: MomentSlots<M>,
): MomentSlots<M> {
  const all = [before.k, before.l, before.s, after.s];
  const [k, l, s, next] = all.map((state) => tangentIn(o, state));
  if (!k || !l || !s || !next || all.some((state) => hasScales(o, state))) return after;
  const change = difference(a, next, s);
  const moved = (state: RuleState<M> | undefined, x: M, u: M, by: M): RuleState<M> =>
    withTangent(o, state!, sum(a, x, a.multiply(u, by)));
  return {
    ...after,
    k: moved(before.k, k, y.u, change),
    l: moved(before.l, l, y.v, a.transpose(change)),
  };
}
