/**
 * Derivatives through simulations that are written in engine operations, by automatic
 * differentiation of one step at a time.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/mod.ts";
import { checkpointedAdjoint, type CheckpointedAdjointResult } from "./checkpointed.ts";
import { tensorKeeper } from "./keeper.ts";

/** A simulation uₙ₊₁ = Φ(uₙ, p, n) of float32 tensors with the objective Σ aₙ g(uₙ, p). */
export interface EngineAdjointOptions {
  /** Where the tensors live. */
  readonly engine: Engine;
  /** Number of time steps N. */
  readonly steps: number;
  /** The tensors of u₀, which stay the caller's. */
  readonly initial: readonly Tensor[];
  /** The parameters p; default none. They stay the caller's. */
  readonly parameters?: readonly Tensor[];
  /** The tensors of uₙ₊₁, in the order and shapes of those of uₙ. Runs in a scope of its own. */
  readonly step: (
    state: readonly Tensor[],
    parameters: readonly Tensor[],
    n: number,
  ) => readonly Tensor[];
  /** g(uₙ, p), of shape []. Runs in a scope of its own. */
  readonly output: (
    state: readonly Tensor[],
    parameters: readonly Tensor[],
    n: number,
  ) => Tensor;
  /** Weight aₙ of each output, N + 1 of them: what `windowSeeds` gives, for a windowed average. */
  readonly seeds: ArrayLike<number>;
  /** Most states kept at a time; default what `memoryLimit` allows. */
  readonly snapshots?: number;
  /** Most bytes of kept states; default 1 GiB. */
  readonly memoryLimit?: number;
}

/** What {@linkcode engineAdjoint} found. The tensors are the caller's to dispose of. */
export interface EngineAdjointResult
  extends Pick<CheckpointedAdjointResult<unknown>, "forwardSteps" | "peakSnapshots"> {
  /** The objective, shape []. */
  readonly value: Tensor;
  /** Derivative in each tensor of u₀. */
  readonly initialGradients: readonly Tensor[];
  /** Derivative in each parameter. */
  readonly gradients: readonly Tensor[];
}

/** λ, followed by the gradients in the parameters so far. */
type Adjoint = readonly Tensor[];

/**
 * Reverse-mode derivative of a weighted sum of outputs through a simulation in engine operations:
 * no step adjoint has to be written. Memory is that of the snapshots and of one step's tape.
 *
 * @throws {RangeError} When there are not N + 1 seeds, or no room for a snapshot.
 *
 * @example Windowed average of a decay
 * ```ts
 * import { engineAdjoint, hannWindow, openEngine, windowSeeds } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const { engine } = await openEngine("cpu");
 * const [u, p] = [engine.fill([], 1), engine.fill([], 0.9)];
 * const seeds = windowSeeds(hannWindow, 11);
 * const { gradients, value, initialGradients } = await engineAdjoint({
 *   engine,
 *   steps: 10,
 *   initial: [u],
 *   parameters: [p],
 *   step: ([x], [q]) => [engine.mul(x!, q!)],
 *   output: ([x]) => x!,
 *   seeds,
 * });
 * const exact = seeds.reduce((sum, w, n) => sum + w * n * 0.9 ** (n - 1), 0);
 * assertAlmostEquals((await engine.read(gradients[0]!))[0]!, exact, 1e-5);
 * [u, p, value, ...gradients, ...initialGradients].forEach((t) => t.dispose());
 * ```
 */
export async function engineAdjoint(options: EngineAdjointOptions): Promise<EngineAdjointResult> {
  const { engine, steps, initial, parameters = [], seeds, snapshots, memoryLimit } = options;
  if (seeds.length !== steps + 1) {
    throw new RangeError(
      `Cannot weight the outputs of ${steps} steps: expected ${steps + 1} seeds, ` +
        `got ${seeds.length}`,
    );
  }
  const differentiated = new DifferentiatedSteps(options);
  try {
    const { adjoint, ...counts } = await checkpointedAdjoint<readonly Tensor[], Adjoint>({
      steps,
      initial: initial.map((t) => engine.keep(engine.clone(t))),
      keeper: tensorKeeper(engine),
      step: (state, n) => differentiated.step(state, n),
      observe: (state, n) => differentiated.addOutput(state, n),
      finalAdjoint: (state) => differentiated.final(state),
      adjointStep: (state, n, next) => differentiated.adjointStep(state, n, next),
      ...(snapshots !== undefined && { snapshots }),
      ...(memoryLimit !== undefined && { memoryLimit }),
    });
    return {
      ...counts,
      value: differentiated.takeValue(),
      initialGradients: adjoint.slice(0, initial.length),
      gradients: adjoint.slice(initial.length, initial.length + parameters.length),
    };
  } catch (error) {
    differentiated.dispose();
    throw error;
  }
}

/** Steps, outputs and their derivatives on an engine; what they return is kept for the caller. */
class DifferentiatedSteps {
  readonly #o: EngineAdjointOptions;
  readonly #parameters: readonly Tensor[];
  #value: Tensor;
  /** The adjoint that the sweep holds. */
  #adjoint: Adjoint = [];

  constructor(options: EngineAdjointOptions) {
    this.#o = options;
    this.#parameters = options.parameters ?? [];
    this.#value = options.engine.keep(options.engine.zeros([]));
  }

  step(state: readonly Tensor[], n: number): readonly Tensor[] {
    const given = new Set([...state, ...this.#parameters]);
    return this.#kept(() => {
      const next = this.#o.step(state, this.#parameters, n);
      checkShapes(state, next, n);
      // A tensor that is handed through needs a handle of its own, since the old state is freed.
      return next.map((t) => given.has(t) ? this.#o.engine.clone(t) : t);
    });
  }

  /** Adds aₙ g(uₙ) to the objective. */
  addOutput(state: readonly Tensor[], n: number): void {
    const { engine, output, seeds } = this.#o;
    if (seeds[n] === 0) return;
    const before = this.#value;
    const [sum] = this.#kept(() => {
      const term = engine.scale(seeds[n]!, output(state, this.#parameters, n));
      return [engine.add(before, term)];
    });
    before.dispose();
    this.#value = sum!;
  }

  final(state: readonly Tensor[]): Adjoint {
    const zeros = this.#kept(() =>
      [...state, ...this.#parameters].map((t) => this.#o.engine.zeros(t.shape))
    );
    this.#adjoint = zeros;
    if (this.#o.seeds[this.#o.steps] === 0) return zeros;
    return this.#replace(
      this.#differentiate(state, () => this.#seededOutput(state, this.#o.steps)),
    );
  }

  adjointStep(state: readonly Tensor[], n: number, next: Adjoint): Adjoint {
    const { engine, step, seeds } = this.#o;
    const slopes = this.#differentiate(state, () => {
      const after = step(state, this.#parameters, n);
      const terms = after.map((t, i) => engine.sum(engine.mul(t, next[i]!)));
      if (seeds[n] !== 0) terms.push(this.#seededOutput(state, n));
      return terms.reduce((a, b) => engine.add(a, b));
    });
    return this.#replace(slopes);
  }

  takeValue(): Tensor {
    return this.#value;
  }

  /** Frees everything it holds. */
  dispose(): void {
    this.#value.dispose();
    this.#adjoint.forEach((t) => t.dispose());
  }

  #seededOutput(state: readonly Tensor[], n: number): Tensor {
    return this.#o.engine.scale(this.#o.seeds[n]!, this.#o.output(state, this.#parameters, n));
  }

  /** The new λ, with gradients in the parameters added to those so far; frees what it replaces. */
  #replace(slopes: readonly Tensor[]): Adjoint {
    const { engine } = this.#o;
    const before = this.#adjoint;
    const states = before.length - this.#parameters.length;
    const sums = this.#kept(() =>
      slopes.slice(states).map((g, i) => engine.add(before[states + i]!, g))
    );
    for (const t of [...before, ...slopes.slice(states)]) t.dispose();
    this.#adjoint = [...slopes.slice(0, states), ...sums];
    return this.#adjoint;
  }

  /** Derivatives of a scalar in the state and in the parameters. */
  #differentiate(state: readonly Tensor[], f: () => Tensor): readonly Tensor[] {
    return this.#kept(() => this.#o.engine.gradients(f, [...state, ...this.#parameters]).gradients);
  }

  #kept(f: () => readonly Tensor[]): readonly Tensor[] {
    const { engine } = this.#o;
    return engine.tidy(() => f().map((t) => engine.keep(t)));
  }
}

function checkShapes(before: readonly Tensor[], after: readonly Tensor[], n: number): void {
  const shapes = (tensors: readonly Tensor[]): string =>
    tensors.map((t) => `[${t.shape}]`).join(", ");
  if (shapes(before) === shapes(after)) return;
  throw new RangeError(
    `Cannot take step ${n}: expected tensors of shapes ${shapes(before)}, got ${shapes(after)}`,
  );
}
