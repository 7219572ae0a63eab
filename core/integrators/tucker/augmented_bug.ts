import type { Algebra } from "../../algebra/mod.ts";
import { modeProducts, type TuckerTensor } from "../../tensors/mod.ts";
import { continuation } from "../transport.ts";
import type { Moments, MomentSlots } from "../types.ts";
import { tuckerField } from "../../geometry/fields/tucker.ts";
import { assembleCore, type ModeView, viewModes } from "../../geometry/tucker_views.ts";
import { type AugmentedTucker, augmentTucker } from "./augmentation.ts";
import { advanceFlow, advanceModes, coreFlow } from "./flows.ts";
import { changesOf, projectModeMoments, transportCore } from "./transport.ts";
import { truncateTucker } from "./truncation.ts";
import type { TuckerIntegrator } from "./types.ts";

/**
 * Rank-adaptive basis update and Galerkin integrator for Tucker tensors: every basis is augmented
 * by its K-flow, the core moves in the doubled bases, its unfoldings are truncated (Ceruti, Kusch,
 * Lubich: A rank-adaptive robust integrator, BIT 2022, section 5; for training: Zangrando,
 * Schotthöfer, Ceruti, Kusch, Tudisco: Geometry-aware training of factorized layers in tensor
 * Tucker format, NeurIPS 2024).
 *
 * The lifted core represents the old tensor exactly, so with one-stage steppers one evaluation of F
 * serves all flows, and Y₁ = Y₀ + dt F(Y₀) ×ₖ Ûₖ Ûₖᵀ before truncation.
 */
export const augmentedTuckerBug: TuckerIntegrator = {
  name: "augmented-tucker-bug",
  description: "Tucker, rank-adaptive: bases augmented by every K, core step in them, truncation",
  order: 1,
  evaluations: 1,
  adaptive: true,
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    // Without moments nothing remembers the coordinates of the K-flows.
    const views = await viewModes(a, y, o.moments === undefined);
    const ks = yield* advanceModes(a, y, views, f, dt, o, true);
    const lifted = await augmentTucker(a, y, ks.map((k) => k?.value));
    const before = liftMoments(a, o.moments, y, views, lifted);
    const s = yield* advanceFlow(a, coreFlow(lifted, f), dt, o, before);
    const grown = { ...lifted, core: { ...lifted.core, data: s.value } };
    const t = await truncateTucker(a, grown, o.truncation, y.core.shape);
    return {
      y: t.y,
      moments: await lowerMoments(a, s.moments, grown, t.y),
      singularValues: t.singularValues,
      discarded: t.discarded,
    };
  },
};

/**
 * The core's moments in augmented bases. First ones as the tangent vector that all factors stand
 * for: dS in the old block, Ũₖᵀ dKₖ Qₖᵀ where mode k alone is new. Second ones continued by their
 * means.
 */
function liftMoments<M>(
  a: Algebra<M>,
  moments: MomentSlots<M> | undefined,
  y: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  lifted: AugmentedTucker<M>,
): MomentSlots<M> {
  const s = moments?.s;
  if (!s) return {};
  const first = s.first !== undefined &&
    assembleCore(a, y, views, { ...y.core, data: s.first }, gainsOf(a, moments, views, lifted));
  const means = lifted.factors.map((u, k) => {
    const [before, after] = [y.core.shape[k]!, a.cols(u)];
    return after === before ? undefined : continuation(a, after, before);
  });
  const second = s.second && modeProducts(a, { ...y.core, data: s.second }, means).data;
  return {
    s: { count: s.count, ...(first ? { first: first.data } : {}), ...(second ? { second } : {}) },
  };
}

/** Ũₖᵀ dKₖ for each mode that has grown. */
function gainsOf<M>(
  a: Algebra<M>,
  moments: MomentSlots<M>,
  views: readonly ModeView<M>[],
  { added }: AugmentedTucker<M>,
): (M | undefined)[] {
  return added.map((u, mode) => {
    const view = views.find((v) => v.mode === mode);
    if (u === undefined || !view) return undefined;
    const k = moments[`k${mode}`]?.first;
    if (k === undefined) return a.zeros(a.cols(u), a.cols(view.q));
    return a.multiply(u, k, { transposeLeft: true });
  });
}

/** The moments of the augmented core as moments of all factors at the truncated point. */
async function lowerMoments<M>(
  a: Algebra<M>,
  m: Moments<M> | undefined,
  grown: TuckerTensor<M>,
  to: TuckerTensor<M>,
): Promise<MomentSlots<M>> {
  if (!m) return {};
  const s = transportCore(a, m, grown, changesOf(a, grown, to));
  if (m.first === undefined) return { s };
  const field = tuckerField(a, { ...grown, core: { ...grown.core, data: m.first } }, true);
  return { ...await projectModeMoments(a, to, await viewModes(a, to), field, m.count), s };
}
