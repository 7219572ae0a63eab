/**
 * Weighted averages of an output of a simulation, and their derivatives.
 *
 * @module
 */

import { checkFinite } from "../checks.ts";
import {
  checkpointedAdjoint,
  type CheckpointedAdjointOptions,
  type CheckpointedAdjointResult,
} from "./checkpointed.ts";

/** A simulation with an output g(uₙ), n = 0 … N. S is the type of states, L that of adjoints. */
export interface WeightedOutputOptions<S, L, C = S> extends
  Pick<
    CheckpointedAdjointOptions<S, L, C>,
    "steps" | "initial" | "step" | "keeper" | "snapshots" | "memoryLimit"
  > {
  /** Weight aₙ of each output, N + 1 of them: what `windowSeeds` gives, for a windowed average. */
  readonly seeds: ArrayLike<number>;
  /** g(uₙ); runs once for each n. Must not change the state. */
  readonly output: (state: S, n: number) => number;
  /**
   * (∂Φₙ/∂u)ᵀ λ of the step from uₙ = `state`; adds (∂Φₙ/∂p)ᵀ λ to the gradient in the parameters
   * p. May overwrite the adjoint. Must not change the state.
   */
  readonly adjointStep: (state: S, n: number, adjoint: L) => L | Promise<L>;
  /** A zero adjoint, which is handed over: λ, and the gradient in the parameters if there are any. */
  readonly zero: L;
  /**
   * Adds `seed` ∂g/∂u to λ, and `seed` ∂g/∂p to the gradient in the parameters p; may overwrite the
   * adjoint. Not called for outputs that do not count. Must not change the state.
   */
  readonly addOutput: (state: S, n: number, seed: number, adjoint: L) => L;
}

/** What {@linkcode weightedOutputAdjoint} found. */
export interface WeightedOutputResult<L> extends CheckpointedAdjointResult<L> {
  /** The objective Σ aₙ g(uₙ). */
  readonly value: number;
  /** Every output, length N + 1. */
  readonly outputs: Float64Array;
}

/**
 * The objective J = Σ aₙ g(uₙ) of a simulation and its adjoint λ₀ = ∂J/∂u₀ by one sweep backwards,
 * λₙ = aₙ ∇g(uₙ) + (∂Φₙ/∂u)ᵀ λₙ₊₁. With the seeds of a window, J is the windowed average of the
 * output, and the gradient that `adjointStep` collects its derivative in the design.
 *
 * @throws {RangeError} When there are not N + 1 seeds, or no room for a snapshot.
 * @throws {NonFiniteError} When a seed or an output is not finite: the simulation has diverged.
 *
 * @example Derivative of an average in a parameter
 * ```ts
 * import { arrayKeeper, hannWindow, weightedOutputAdjoint, windowSeeds } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * // uₙ₊₁ = p uₙ: the derivative of uₙ in p is n pⁿ⁻¹.
 * const [p, steps] = [0.9, 10];
 * const seeds = windowSeeds(hannWindow, steps + 1);
 * const { adjoint } = await weightedOutputAdjoint({
 *   steps,
 *   seeds,
 *   initial: Float64Array.of(1),
 *   keeper: arrayKeeper<Float64Array>(),
 *   step: (u) => u.map((x) => p * x),
 *   output: (u) => u[0]!,
 *   zero: { lambda: 0, gradient: 0 },
 *   addOutput: (_u, _n, seed, a) => ({ ...a, lambda: a.lambda + seed }),
 *   adjointStep: (u, _n, a) => ({
 *     lambda: p * a.lambda,
 *     gradient: a.gradient + a.lambda * u[0]!,
 *   }),
 * });
 * const exact = seeds.reduce((sum, w, n) => sum + w * n * p ** (n - 1), 0);
 * assertAlmostEquals(adjoint.gradient, exact, 1e-14);
 * ```
 */
export async function weightedOutputAdjoint<S, L, C = S>(
  options: WeightedOutputOptions<S, L, C>,
): Promise<WeightedOutputResult<L>> {
  const { steps, seeds, output, addOutput, zero, adjointStep, ...rest } = options;
  if (seeds.length !== steps + 1) {
    throw new RangeError(
      `Cannot weight the outputs of ${steps} steps: expected ${steps + 1} seeds, ` +
        `got ${seeds.length}`,
    );
  }
  checkFinite("weight outputs", "the seeds", seeds);
  const outputs = new Float64Array(steps + 1);
  const add = (state: S, n: number, adjoint: L): L =>
    seeds[n] === 0 ? adjoint : addOutput(state, n, seeds[n]!, adjoint);
  const result = await checkpointedAdjoint<S, L, C>({
    ...rest,
    steps,
    observe: (state, n) => {
      outputs[n] = checkFinite(`go past step ${n}`, "the output", [output(state, n)])[0]!;
    },
    finalAdjoint: (state) => add(state, steps, zero),
    adjointStep: async (state, n, adjoint) => add(state, n, await adjointStep(state, n, adjoint)),
  });
  const value = outputs.reduce((sum, g, n) => sum + seeds[n]! * g, 0);
  return { ...result, value, outputs };
}
