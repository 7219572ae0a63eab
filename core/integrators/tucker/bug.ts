import { viewModes } from "../../geometry/tucker_views.ts";
import { modeProducts } from "../../tensors/mod.ts";
import { advance, collectMoments } from "../flows.ts";
import { advanceModes, coreFlow, momentsOfModes } from "./flows.ts";
import { changesOf, transportCore, transportModes } from "./transport.ts";
import type { TuckerIntegrator } from "./types.ts";

/**
 * Basis update and Galerkin integrator for Tucker tensors of fixed ranks: every basis from the old
 * point, then the core in the new bases (Ceruti, Lubich: An unconventional robust integrator for
 * dynamical low-rank approximation, BIT 2022, section 5).
 */
export const tuckerBug: TuckerIntegrator = {
  name: "tucker-bug",
  description: "Tucker, fixed ranks: all bases from the old point, then the core in them",
  order: 1,
  evaluations: 2,
  adaptive: false,
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    const views = await viewModes(a, y);
    const ks = yield* advanceModes(a, y, views, f, dt, o);
    const factors = [...y.factors];
    for (const [mode, k] of ks.entries()) if (k) factors[mode] = await a.orthonormalize(k.value);
    const changes = changesOf(a, y, { ...y, factors });
    const lifted = { core: modeProducts(a, y.core, changes), factors };
    const before = o.moments?.s && { s: transportCore(a, o, o.moments.s, y, changes) };
    const s = yield* advance(a, coreFlow(lifted), dt, o, before ?? {});
    const next = { factors, core: { ...lifted.core, data: s.value } };
    const own = momentsOfModes(ks);
    const moved = Object.keys(own).length === 0
      ? own
      : await transportModes(a, o, own, y, views, await viewModes(a, next), changes);
    return { y: next, moments: { ...collectMoments({ s }), ...moved }, discarded: 0 };
  },
};
