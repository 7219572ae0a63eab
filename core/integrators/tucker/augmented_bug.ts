import type { Algebra } from "../../algebra/mod.ts";
import { modeProducts, type TuckerTensor } from "../../tensors/mod.ts";
import { continuation } from "../transport.ts";
import type { Moments, MomentSlots } from "../types.ts";
import { augmentTucker } from "./augmentation.ts";
import { tuckerField } from "./fields.ts";
import { advanceFlow, advanceModes, coreFlow, type ModeView, viewModes } from "./flows.ts";
import { changesOf, momentField, projectMoments, transportCore } from "./transport.ts";
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
 * The core's moments in augmented bases: first ones as the tangent vector that all factors stand
 * for, second ones continued by their means.
 */
function liftMoments<M>(
  a: Algebra<M>,
  moments: MomentSlots<M> | undefined,
  y: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  lifted: TuckerTensor<M>,
): MomentSlots<M> {
  const s = moments?.s;
  if (!s) return {};
  const field = momentField(a, y, views, moments);
  const first = field && coreFlow(lifted).project(field);
  const means = lifted.factors.map((u, k) => continuation(a, a.cols(u), y.core.shape[k]!));
  const second = s.second && modeProducts(a, { ...y.core, data: s.second }, means).data;
  return { s: { count: s.count, ...(first ? { first } : {}), ...(second ? { second } : {}) } };
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
  const field = tuckerField(a, { ...grown, core: { ...grown.core, data: m.first } });
  return { ...projectMoments(a, to, await viewModes(a, to), field, m.count), s };
}
