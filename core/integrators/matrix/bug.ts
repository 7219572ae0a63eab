import { advance, collectMoments } from "../flows.ts";
import { transportMoments } from "../transport.ts";
import { kFlow, lFlow, sFlow } from "./flows.ts";
import type { Integrator } from "./types.ts";

/**
 * Basis update and Galerkin integrator of fixed rank, also called unconventional: K and L from the
 * old point, then S in the new bases (Ceruti, Lubich: An unconventional robust integrator, BIT
 * 2022; for training: Schotthöfer et al., Low-rank lottery tickets, NeurIPS 2022).
 */
export const bug: Integrator = {
  name: "bug",
  description: "basis update and Galerkin of fixed rank: K and L, then S in the new bases",
  order: 1,
  evaluations: 2,
  adaptive: false,
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    const k = yield* advance(a, kFlow(a, y, f), dt, o);
    const l = yield* advance(a, lFlow(a, y, f), dt, o);
    const u = await a.orthonormalize(k.value);
    const v = await a.orthonormalize(l.value);
    const left = a.multiply(u, y.u, { transposeLeft: true });
    const right = a.multiply(y.v, v, { transposeLeft: true });
    const lifted = { u, s: a.multiply(a.multiply(left, y.s), right), v };
    const core = o.moments?.s && { s: transportMoments(a, o, o.moments.s, left, right) };
    const s = yield* advance(a, sFlow(lifted), dt, o, core ?? {});
    const { k: mk, l: ml, ...ms } = collectMoments({ k, l, s });
    return {
      y: { u, s: s.value, v },
      moments: {
        ...ms,
        ...(mk ? { k: transportMoments(a, o, mk, undefined, right) } : {}),
        ...(ml ? { l: transportMoments(a, o, ml, undefined, a.transpose(left)) } : {}),
      },
      discarded: 0,
    };
  },
};
