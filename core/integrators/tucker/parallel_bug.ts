import { assembleCore, viewModes } from "../../geometry/tucker_views.ts";
import { advance, collectMoments, increments } from "../flows.ts";
import { augmentTucker } from "./augmentation.ts";
import { advanceModes, coreFlow, momentsOfModes } from "./flows.ts";
import { transportTuckerSlots } from "./transport.ts";
import { truncateTucker } from "./truncation.ts";
import type { TuckerIntegrator } from "./types.ts";

/**
 * Parallel basis update and Galerkin integrator for Tucker tensors: every basis and the core start
 * from the old point; the core of the augmented bases has the new core in its old block and
 * Ũₖᵀ Kₖ Qₖᵀ where mode k alone is new (Ceruti, Kusch, Lubich, Sulz: A parallel basis update and
 * Galerkin integrator for tree tensor networks, 2024).
 *
 * With an Euler step Y₁ = Y₀ + dt P(Y₀) F(Y₀) before truncation: Riemannian gradient descent.
 */
export const parallelTuckerBug: TuckerIntegrator = {
  name: "parallel-tucker-bug",
  description: "Tucker, rank-adaptive: all bases and the core in parallel, truncation",
  order: 1,
  evaluations: 1,
  adaptive: true,
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    const views = await viewModes(a, y);
    const ks = yield* advanceModes(a, y, views, f, dt, o, increments);
    const s = yield* advance(a, coreFlow(y, f), dt, o);
    const { factors, added } = await augmentTucker(a, y, ks.map((k) => k?.value));
    const gains = added.map((u, k) => u && a.multiply(u, ks[k]!.value, { transposeLeft: true }));
    const core = assembleCore(a, y, views, { ...y.core, data: s.value }, gains);
    const t = await truncateTucker(a, { core, factors }, o.truncation, y.core.shape);
    const own = { ...momentsOfModes(ks), ...collectMoments({ s }) };
    return {
      y: t.y,
      moments: await transportTuckerSlots(a, o, own, y, views, t.y),
      singularValues: t.singularValues,
      discarded: t.discarded,
    };
  },
};
