/**
 * What is done against the drift of clients: each moves towards the optimum of its own data.
 *
 * @module
 */

import type { Algebra } from "../algebra/mod.ts";
import { Registry } from "../registry.ts";
import { type Tunable, tunable } from "../tunable.ts";

/** A local step of one matrix of coordinates. */
export interface LocalStep<M> {
  /** Minus the gradient of the client's own loss. */
  readonly flow: M;
  /** Where the coordinates are. */
  readonly x: M;
  /** Where they were at the start of the round. */
  readonly start: M;
  /** Mean flow of all clients at the start less that of this one, where flows are shared. */
  readonly shift?: M;
}

/** A change of what clients follow. */
export interface Correction extends Tunable<Correction> {
  /**
   * The flow that clients share before they move: none, that in the coordinates of the bases as
   * they were, or of those that have grown, which takes one more exchange where there are bases.
   */
  readonly shares: "nothing" | "bases" | "grown-bases";
  /** What a client follows in place of its own flow. */
  flow<M>(a: Algebra<M>, step: LocalStep<M>): M;
}

/**
 * Corrections by name.
 *
 * @example One with a setting
 * ```ts
 * import { choose, corrections, hostAlgebra, matrix } from "@rankflow/rankflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const [zero, one] = [matrix([0], 1, 1), matrix([1], 1, 1)];
 * const pulled = choose(corrections, "proximal:strength=0.5");
 * assertEquals(pulled.flow(hostAlgebra(), { flow: zero, x: one, start: zero }).data[0], -0.5);
 * ```
 */
export const corrections: Registry<Correction> = new Registry("correction");

/** Nothing: FedAvg, and FeDLRT without correction. */
export const noCorrection: Correction = corrections.add({
  name: "none",
  description: "clients follow their own gradients",
  shares: "nothing",
  flow: (_a, { flow }) => flow,
});

/** The own flow at the start is replaced by the mean one. */
function shifted<M>(a: Algebra<M>, { flow, shift }: LocalStep<M>): M {
  return shift === undefined ? flow : a.lincomb(1, flow, 1, shift);
}

/**
 * The mean gradient in the bases as they were before they grew: the r×r block that is known anyway
 * (FeDLRT, arXiv 2406.17887, simplified variance correction). Of weights without bases, all of it.
 */
export const simplifiedCorrection: Correction = corrections.add({
  name: "simplified",
  description: "own gradients shifted to the mean one in the old block of each core",
  shares: "bases",
  flow: shifted,
});

/**
 * The mean gradient in all coordinates (FeDLRT with full variance correction; of dense weights it
 * is FedLin, Mitra et al., NeurIPS 2021). Of ill-conditioned clients the step size must be small:
 * theory has η ≤ 1 / (12 L s) for s local steps.
 */
export const fullCorrection: Correction = corrections.add({
  name: "full",
  description: "own gradients shifted to the mean one; one more exchange where there are bases",
  shares: "grown-bases",
  flow: shifted,
});

/** A pull to where the round began: FedProx (Li et al., MLSys 2020). */
export const proximal: Correction = tunable(corrections, {
  name: "proximal",
  description: "a pull μ (x − x₀) to where the round began",
  defaults: { strength: 0.01 },
  limits: { strength: { min: 0, description: "μ" } },
  make: ({ strength }) => ({
    shares: "nothing",
    flow: (a, { flow, x, start }) => a.lincomb(1, flow, -strength, a.lincomb(1, x, -1, start)),
  }),
});
