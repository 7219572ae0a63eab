import type { Algebra } from "../../algebra/mod.ts";
import { tuckerField } from "../../geometry/fields/tucker.ts";
import { assembleCore, type ModeView, viewModes } from "../../geometry/tucker_views.ts";
import { embedTensor, modeProducts, type TuckerTensor } from "../../tensors/mod.ts";
import { advance, newDirections } from "../flows.ts";
import {
  carried,
  type MomentSlots,
  type RuleState,
  type Stepping,
  tangentIn,
  withTangent,
} from "../memory.ts";
import { continuation } from "../transport.ts";
import { type AugmentedTucker, augmentTucker } from "./augmentation.ts";
import { advanceModes, coreFlow } from "./flows.ts";
import { changesOf, projectModeMoments, transportCore } from "./transport.ts";
import { truncateTucker } from "./truncation.ts";
import type { TuckerIntegrator, TuckerStepOptions, TuckerStepResult } from "./types.ts";

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
    const ks = yield* advanceModes(a, y, views, f, dt, o, newDirections);
    const lifted = await augmentTucker(a, y, ks.map((k) => k?.value));
    const before = liftMoments(a, o, o.moments, y, views, lifted);
    const s = yield* advance(a, coreFlow(lifted, f), dt, o, before);
    const grown = { ...lifted, core: { ...lifted.core, data: s.value } };
    return await truncatedTuckerResult(a, grown, s.moments, o, y.core.shape);
  },
};

/**
 * Truncates a tensor whose core has moved and carries its moments along.
 *
 * @param grown The new point in augmented bases.
 * @param moments Moments of its core.
 * @param ranks Ranks of the old point.
 */
export async function truncatedTuckerResult<M>(
  a: Algebra<M>,
  grown: TuckerTensor<M>,
  moments: RuleState<M> | undefined,
  o: TuckerStepOptions<M>,
  ranks: readonly number[],
): Promise<TuckerStepResult<M>> {
  const t = await truncateTucker(a, grown, o.truncation, ranks);
  return {
    y: t.y,
    moments: await lowerMoments(a, o, moments, grown, t.y),
    singularValues: t.singularValues,
    discarded: t.discarded,
  };
}

/**
 * The core's moments in augmented bases. The tangent vector that all factors stand for is dS in the
 * old block, Ũₖᵀ dKₖ Qₖᵀ where mode k alone is new; variances are continued by their means.
 */
function liftMoments<M>(
  a: Algebra<M>,
  o: Stepping,
  moments: MomentSlots<M> | undefined,
  y: TuckerTensor<M>,
  views: readonly ModeView<M>[],
  lifted: AugmentedTucker<M>,
): MomentSlots<M> {
  if (!moments?.s) return {};
  const shape = lifted.core.shape;
  const within = (data: M) => ({ ...y.core, data });
  const means = shape.map((after, k) => {
    const before = y.core.shape[k]!;
    return after === before ? undefined : continuation(a, after, before);
  });
  const s = carried(a, o, moments.s, {
    carry: (x) => embedTensor(a, within(x), shape).data,
    carrySquare: (x) => modeProducts(a, within(x), means).data,
  });
  const tangent = tangentIn(o, moments.s);
  if (tangent === undefined) return { s };
  const gains = gainsOf(a, o, moments, views, lifted);
  return { s: withTangent(o, s, assembleCore(a, y, views, within(tangent), gains).data) };
}

/** Ũₖᵀ dKₖ for each mode that has grown. */
function gainsOf<M>(
  a: Algebra<M>,
  o: Stepping,
  moments: MomentSlots<M>,
  views: readonly ModeView<M>[],
  { added }: AugmentedTucker<M>,
): (M | undefined)[] {
  return added.map((u, mode) => {
    const view = views.find((v) => v.mode === mode);
    if (u === undefined || !view) return undefined;
    const k = tangentIn(o, moments[`k${mode}`]);
    if (k === undefined) return a.zeros(a.cols(u), a.cols(view.q));
    return a.multiply(u, k, { transposeLeft: true });
  });
}

/** The moments of the augmented core as moments of all factors at the truncated point. */
async function lowerMoments<M>(
  a: Algebra<M>,
  o: Stepping,
  m: RuleState<M> | undefined,
  grown: TuckerTensor<M>,
  to: TuckerTensor<M>,
): Promise<MomentSlots<M>> {
  if (!m) return {};
  const s = transportCore(a, o, m, grown, changesOf(a, grown, to));
  const data = tangentIn(o, m);
  if (data === undefined) return { s };
  const field = tuckerField(a, { ...grown, core: { ...grown.core, data } }, true);
  return { ...await projectModeMoments(a, to, await viewModes(a, to), o, field, m), s };
}
