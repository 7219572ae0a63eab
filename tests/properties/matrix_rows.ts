/** The integrators of matrices with what theory claims for each, in one table. */

import type { Matrix } from "../../core/algebra/mod.ts";
import type { LowRank } from "../../core/geometry/mod.ts";
import {
  augmentedBackwardCorrectedPsi,
  augmentedBug,
  backwardCorrectedPsi,
  bug,
  type Integrator,
  midpointBug,
  midpointBug3r,
  parallelBug,
  projectedRungeKutta,
  projectorSplitting,
  secondOrderParallelBug,
  secondOrderParallelBug3r,
  strangSplitting,
} from "../../core/integrators/mod.ts";
import { host, minus, plus, projector, tangentProjection, times } from "../support/matrices.ts";

/** One Euler step before truncation in dense form: Y₁ = Y₀ + dt × this. */
export interface Identity {
  /** As people write it; [U, FV] stands for an orthonormal basis of the span; no bars, for tables. */
  readonly formula: string;
  /** The same as a matrix. */
  dense(y: LowRank<Matrix>, f: Matrix, after: LowRank<Matrix>): Matrix | Promise<Matrix>;
}

/** What a step at full rank moves as the plain method does: all, or what bases of full rank span. */
export type FullRankScope = "all" | "square" | "none";

/** What is claimed for one integrator. */
export interface MatrixRow {
  readonly item: Integrator;
  /** Reproduces A(t₁) exactly when A has the working rank and F = ΔA / dt. */
  readonly exact: boolean;
  /** Order measured on the Sylvester flow, whose F is tangent, with RK4 sub-flows. */
  readonly order: number;
  /** Present where one Euler step is known in closed form; such steps descend. */
  readonly identity?: Identity;
  /** Where one Euler step at full rank equals the plain one, F depending on Y. */
  readonly fullRankIsPlain: FullRankScope;
  /** Keeps symmetric matrices symmetric. */
  readonly symmetric: boolean;
  /** ‖Y₁‖² and what truncation took make ‖Y₀‖² where F is orthogonal to Y. */
  readonly norm: boolean;
  /** Follows A(t) given by A'(t) up to the quadrature of the stepper. */
  readonly follows: boolean;
}

/** The step in the bases of its own result. */
const galerkin: Identity = {
  formula: "Û Ûᵀ F V̂ V̂ᵀ",
  dense: (_y, f, after) => times(projector(after.u), f, projector(after.v)),
};

/** Riemannian gradient descent. */
const tangent: Identity = { formula: "P(Y₀) F", dense: tangentProjection };

const wideTangent: Identity = {
  formula: "P([U, FV], [V, FᵀU]) F",
  async dense(y, f) {
    const u = await spanOf(y.u, times(f, y.v));
    const v = await spanOf(y.v, host.multiply(f, y.u, { transposeLeft: true }));
    return tangentProjection({ u, s: y.s, v }, f);
  },
};

/** Wide bases Û, V̂ as above; the final ones U, V hold them and more. */
const midpointTangent: Identity = {
  formula: "Pᵤ F P̂ᵥ + P̂ᵤ F Pᵥ − P̂ᵤ F P̂ᵥ",
  async dense(y, f, after) {
    const u = projector(await spanOf(y.u, times(f, y.v)));
    const v = projector(await spanOf(y.v, host.multiply(f, y.u, { transposeLeft: true })));
    const both = plus(times(projector(after.u), f, v), times(u, f, projector(after.v)));
    return minus(both, times(u, f, v));
  },
};

const leftProjection: Identity = {
  formula: "Û Ûᵀ F",
  dense: (_y, f, after) => times(projector(after.u), f),
};

/** Orthonormal basis of [X | Y]. */
async function spanOf(x: Matrix, y: Matrix): Promise<Matrix> {
  return (await host.qr(host.hstack([x, y]))).q;
}

/** Basis-update and Galerkin integrators: symmetric, and plain descent at full rank. */
const family = {
  exact: true,
  fullRankIsPlain: "all",
  symmetric: true,
  norm: true,
  follows: true,
} as const;

/** Every registered integrator, in the order of the registry. */
export const MATRIX_ROWS: readonly MatrixRow[] = [
  { ...family, item: bug, order: 1, fullRankIsPlain: "square", norm: false },
  // F = A Y + Y Bᵀ + c Y is tangent to the manifold, so the Galerkin step is of order 2 there.
  { ...family, item: augmentedBug, order: 2, identity: galerkin },
  {
    ...family,
    item: parallelBug,
    exact: false,
    order: 1,
    identity: tangent,
    norm: false,
    follows: false,
  },
  { ...family, item: midpointBug, order: 4, identity: galerkin }, // order of the stepper
  { ...family, item: midpointBug3r, order: 2, identity: galerkin, follows: false },
  { ...family, item: secondOrderParallelBug, order: 2, identity: wideTangent, norm: false },
  { ...family, item: secondOrderParallelBug3r, order: 2, identity: midpointTangent, norm: false },
  // The splitting is exact where F is tangent: what is left is the order of the stepper.
  {
    ...family,
    item: projectorSplitting,
    order: 4,
    fullRankIsPlain: "none",
    symmetric: false,
  },
  {
    ...family,
    item: strangSplitting,
    exact: false,
    order: 4,
    fullRankIsPlain: "none",
    symmetric: false,
  },
  {
    ...family,
    item: backwardCorrectedPsi,
    order: 1,
    fullRankIsPlain: "square",
    symmetric: false,
    norm: false,
  },
  {
    ...family,
    item: augmentedBackwardCorrectedPsi,
    order: 2,
    identity: leftProjection,
    symmetric: false,
  },
  {
    ...family,
    item: projectedRungeKutta,
    exact: false,
    order: 2,
    fullRankIsPlain: "none", // it is Heun's step
    norm: false,
    follows: false,
  },
];
