import { advance, newDirections } from "../flows.ts";
import { augment, galerkinStep } from "./augmentation.ts";
import { kFlow, lFlow } from "./flows.ts";
import type { Integrator } from "./types.ts";

/**
 * Rank-adaptive basis update and Galerkin integrator: the bases are augmented by the directions of
 * the K- and L-flows, the core moves in the doubled bases, an SVD truncates (Ceruti, Kusch, Lubich:
 * A rank-adaptive robust integrator for dynamical low-rank approximation, BIT 2022).
 *
 * The lifted core represents the old matrix exactly, so with one-stage steppers all three flows
 * start from the same point and one evaluation of F serves them; the step is then
 * Y₁ = Y₀ + dt Û Ûᵀ F(Y₀) V̂ V̂ᵀ before truncation.
 *
 * Momentum is a tangent vector at Y: its factors "k" and "l" also point the augmentation, and the
 * core's moments are lifted into the augmented bases and projected back after truncation.
 *
 * @example Decay, Y′ = −Y, in two factors
 * ```ts
 * import { augmentedBug, denseField, hostAlgebra, integrate, matrix, rk4, toDense } from "@rankflow/rankflow";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const a = hostAlgebra();
 * const one = matrix([1, 0], 2, 1);
 * const decay = (_t: number, y: Parameters<typeof toDense<typeof one>>[1]) =>
 *   denseField(a, a.scale(-1, toDense(a, y)));
 * const start = { u: one, s: matrix([1], 1, 1), v: one };
 * const y = await integrate(a, augmentedBug, decay, start, { t1: 1, steps: 20, stepper: rk4 });
 * assertAlmostEquals(toDense(a, y).data[0]!, Math.exp(-1), 1e-6);
 * ```
 */
export const augmentedBug: Integrator = {
  name: "augmented-bug",
  description: "rank-adaptive: bases augmented by K and L, Galerkin step in them, truncation",
  order: 1,
  evaluations: 1,
  adaptive: true,
  async *step(a, y, dt, o) {
    const f = yield { ...y, time: 0 };
    const k = yield* advance(a, newDirections(a, kFlow(a, y, f)), dt, o);
    const l = yield* advance(a, newDirections(a, lFlow(a, y, f)), dt, o);
    const lifted = await augment(a, y, k.value, l.value);
    return yield* galerkinStep(a, a.cols(y.u), lifted, f, dt, o);
  },
};
