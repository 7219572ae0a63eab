import type { Algebra } from "../../algebra/mod.ts";
import type { TuckerFieldAt } from "../../geometry/fields/types.ts";
import { projectMode, viewModes } from "../../geometry/tucker_views.ts";
import { outside } from "../../geometry/matrices.ts";
import type { TuckerTensor } from "../../tensors/mod.ts";
import { advance, collectMoments } from "../flows.ts";
import { type MomentSlots, momentumOfCore } from "../memory.ts";
import { truncatedTuckerResult } from "./augmented_bug.ts";
import { coreFlow } from "./flows.ts";
import { transportTuckerSlots } from "./transport.ts";
import { truncateTucker } from "./truncation.ts";
import type { TuckerIntegrator, TuckerStepOptions, TuckerStepResult } from "./types.ts";

/**
 * The core alone, with all bases held: no integrator of its own, but what lies between two steps of
 * one. Momentum of the bases counts only as far as it leaves them, and stays.
 */
export const heldTuckerBases: TuckerIntegrator = {
  name: "held-tucker-bases",
  description: "Tucker: the core moves, the bases stand still",
  order: 1,
  evaluations: 1,
  adaptive: false,
  async *step(a, y, dt, o) {
    const s = yield* advance(a, coreFlow(y), dt, o);
    return {
      y: { ...y, core: { ...y.core, data: s.value } },
      moments: { ...o.moments, ...collectMoments({ s }) },
      discarded: 0,
    };
  },
};

/**
 * How much of the projection P(Y) F lies within all bases, ‖F ×ₖ Uₖᵀ‖² / ‖P(Y) F‖², from 0 to 1, as
 * `shareWithin` has it for matrices: the parts that turn one basis each are orthogonal.
 *
 * @param y Orthonormal factors.
 * @param f F at `y`.
 */
export async function tuckerShareWithin<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  f: TuckerFieldAt<M>,
): Promise<number> {
  const core = await a.norm((await f.contract(y.factors)).data);
  const within = core ** 2;
  let all = within;
  for (const view of await viewModes(a, y, true)) {
    const turn = outside(a, y.factors[view.mode]!, await projectMode(a, y, view, f, true));
    const norm = await a.norm(turn);
    all += norm ** 2;
  }
  return all > 0 ? within / all : 1;
}

/** Truncates after steps of the core, as `truncatedHeld` does matrices. */
export async function truncatedTuckerHeld<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  moments: MomentSlots<M>,
  o: TuckerStepOptions<M>,
  ranks: readonly number[],
): Promise<TuckerStepResult<M>> {
  if (momentumOfCore(o, moments)) return await truncatedTuckerResult(a, y, moments.s, o, ranks);
  const t = await truncateTucker(a, y, o.truncation, ranks);
  const views = Object.keys(moments).length > 0 ? await viewModes(a, y) : [];
  return { ...t, moments: await transportTuckerSlots(a, o, moments, y, views, t.y) };
}
