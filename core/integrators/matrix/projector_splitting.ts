import { moveK, moveL, moveS } from "./splitting.ts";
import type { Integrator } from "./types.ts";

/**
 * Projector splitting (KSL) of Lie type: K forward, S backward, L forward (Lubich, Oseledets: A
 * projector-splitting integrator for dynamical low-rank approximation, BIT 2014).
 *
 * Its three gradients are taken at three points, so at full rank it is not the plain method; it
 * does not keep symmetric matrices symmetric.
 */
export const projectorSplitting: Integrator = {
  name: "projector-splitting",
  description: "KSL of fixed rank: K forward, S backward, L forward",
  order: 1,
  evaluations: 3,
  adaptive: false,
  async *step(a, y, dt, o) {
    const known = yield { ...y, time: 0 };
    const k = yield* moveK(a, { y, moments: o.moments ?? {} }, o, { dt, known });
    const s = yield* moveS(a, k, o, { dt: -dt, time: dt });
    const end = yield* moveL(a, s, o, { dt });
    return { ...end, discarded: 0 };
  },
};

/**
 * Projector splitting of Strang type: half a K- and S-substep, a whole L-substep, and back in
 * reverse order. Symmetric, of order two.
 */
export const strangSplitting: Integrator = {
  name: "strang-splitting",
  description: "KSL of fixed rank and order 2: half K, half S backward, L, half S, half K",
  order: 2,
  evaluations: 5,
  adaptive: false,
  async *step(a, y, dt, o) {
    const known = yield { ...y, time: 0 };
    const half = dt / 2;
    let x = yield* moveK(a, { y, moments: o.moments ?? {} }, o, { dt: half, known });
    x = yield* moveS(a, x, o, { dt: -half, time: half });
    x = yield* moveL(a, x, o, { dt });
    x = yield* moveS(a, x, o, { dt: -half, time: dt });
    x = yield* moveK(a, x, o, { dt: half, time: half });
    return { ...x, discarded: 0 };
  },
};
