import type { Algebra } from "../../algebra/mod.ts";
import type { TuckerFieldAt } from "../../geometry/fields/types.ts";
import { projectMode, viewModes } from "../../geometry/tucker_views.ts";
import { outside } from "../../geometry/matrices.ts";
import type { TuckerTensor } from "../../tensors/mod.ts";
import { advance, collectMoments } from "../flows.ts";
import { type MomentSlots, momentumOfCore } from "../memory.ts";
import { truncatedTuckerResult } from "./augmented_bug.ts";
import type { Sight } from "../sight.ts";
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
 * A look at F from a point, as `sightOf` is for matrices. The coordinates of what turns a basis
 * depend on the core, which moves: those of the look before serve as well.
 *
 * @param y Orthonormal factors.
 * @param f F at `y`.
 * @param before The look before, in the same bases.
 */
export async function tuckerSightOf<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  f: TuckerFieldAt<M>,
  before?: Sight<M>,
): Promise<Sight<M>> {
  const [turns, rows]: [Record<string, M>, Record<string, M>] = [{}, {}];
  for (const view of await viewModes(a, y, before === undefined)) {
    const name = `k${view.mode}`;
    const known = before?.rows?.[name];
    const seen = known === undefined ? view : { mode: view.mode, q: known };
    turns[name] = outside(a, y.factors[view.mode]!, await projectMode(a, y, seen, f, !known));
    rows[name] = seen.q;
  }
  return { core: (await f.contract(y.factors)).data, turns, rows };
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
