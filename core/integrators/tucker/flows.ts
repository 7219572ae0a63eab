/**
 * The sub-flows of a Tucker tensor: one for each basis, one for the core.
 *
 * @module
 */

import type { Algebra } from "../../algebra/mod.ts";
import type { SplitBasis, TuckerFieldAt } from "../../geometry/fields/types.ts";
import { foldRows, type ModeView, projectMode } from "../../geometry/tucker_views.ts";
import type { TuckerTensor } from "../../tensors/mod.ts";
import { advance, collectMoments } from "../flows.ts";
import type { MomentSlots } from "../memory.ts";
import type { Advanced } from "../types.ts";
import type { TuckerFlow, TuckerPoint, TuckerStepOptions } from "./types.ts";

/** K-flow of a mode: K = U S moves with V fixed, dK/dt = F(K Vᵀ)_(k) V. */
export function modeFlow<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  view: ModeView<M>,
  known?: TuckerFieldAt<M>,
): TuckerFlow<M> {
  const { mode } = view;
  return {
    slot: `k${mode}`,
    start: () => a.multiply(y.factors[mode]!, view.s),
    point: (k) => ({
      core: foldRows(a, a.transpose(view.q), y, mode),
      factors: y.factors.map((u, j) => j === mode ? k : u),
    }),
    project: (f) => projectMode(a, y, view, f, f === known),
    ...(known ? { known } : {}),
  };
}

/**
 * Core flow (Galerkin): the core moves with all bases fixed, dC/dt = F(C ×ₖ Uₖ) ×ₖ Uₖᵀ.
 *
 * @param y The point; with the blocks of its bases where they have grown.
 */
export function coreFlow<M>(
  y: TuckerTensor<M> & { readonly split?: readonly (SplitBasis<M> | undefined)[] },
  known?: TuckerFieldAt<M>,
): TuckerFlow<M> {
  return {
    slot: "s",
    start: () => y.core.data,
    point: (s) => ({ ...y, core: { ...y.core, data: s } }),
    project: async (f) => (await f.contract(y.factors, y.split)).data,
    ...(known ? { known } : {}),
  };
}

/** Where the K-flows of a step end, by mode; undefined where there is none. */
export type AdvancedModes<M> = readonly (Advanced<M> | undefined)[];

/**
 * Advances the K-flow of every mode that can turn from the same point.
 *
 * @param views The point seen from those modes.
 * @param known F at `y`.
 * @param part What of a flow is followed: default the factor itself; `increments` or
 * `newDirections` where only what it adds to its start, or the span of that, is used.
 */
export async function* advanceModes<M>(
  a: Algebra<M>,
  y: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  known: TuckerFieldAt<M>,
  dt: number,
  o: TuckerStepOptions<M>,
  part: (a: Algebra<M>, flow: TuckerFlow<M>) => TuckerFlow<M> = (_, flow) => flow,
): AsyncGenerator<TuckerPoint<M>, AdvancedModes<M>, TuckerFieldAt<M>> {
  const out: (Advanced<M> | undefined)[] = y.factors.map(() => undefined);
  for (const view of views) {
    out[view.mode] = yield* advance(a, part(a, modeFlow(a, y, view, known)), dt, o);
  }
  return out;
}

/** The moments that K-flows have kept, by slot. */
export function momentsOfModes<M>(ks: AdvancedModes<M>): MomentSlots<M> {
  return collectMoments(Object.fromEntries(ks.map((k, mode) => [`k${mode}`, k])));
}
