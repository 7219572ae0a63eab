/**
 * Sweeps backwards over time-stepped simulations, with checkpoints.
 *
 * @module
 */

import { checkInteger } from "../checks.ts";
import type { StateKeeper } from "./keeper.ts";
import { binomialSchedule, type ScheduleAction } from "./schedule.ts";

/**
 * A simulation uₙ₊₁ = Φₙ(uₙ), n = 0 … N − 1, with the adjoint of its steps. S is the type of states,
 * A that of adjoints, which may hold more than λ, such as the gradient in the parameters so far.
 */
export interface CheckpointedAdjointOptions<S, A, C = S> {
  /** Number of time steps N, at least 0. */
  readonly steps: number;
  /** The state u₀. It is handed over: steps may overwrite it. */
  readonly initial: S;
  /** uₙ₊₁ from uₙ: a new state, or the given one overwritten. Runs several times for each n. */
  readonly step: (state: S, n: number) => S | Promise<S>;
  /**
   * λ_N from the last state: the derivative of the objective in it. Sees the state once, may
   * overwrite it.
   */
  readonly finalAdjoint: (state: S) => A | Promise<A>;
  /**
   * λₙ from λₙ₊₁ = `adjoint` and uₙ = `state`: (∂Φₙ/∂u)ᵀ λₙ₊₁ plus the derivative of the objective
   * in uₙ. Runs once for each n, from N − 1 down to 0; may overwrite both.
   */
  readonly adjointStep: (state: S, n: number, adjoint: A) => A | Promise<A>;
  /** How states are kept: {@linkcode arrayKeeper}, {@linkcode tensorKeeper} or your own. */
  readonly keeper: StateKeeper<S, C>;
  /**
   * Sees every state u₀ … u_N once, in order, on the first way forward: for outputs, progress and
   * the value of the objective. Must not change it.
   */
  readonly observe?: (state: S, n: number) => void | Promise<void>;
  /** Most states kept at a time; default as many as `memoryLimit` allows. */
  readonly snapshots?: number;
  /** Most bytes of kept states, where the keeper can count them; default 1 GiB. Both limits hold. */
  readonly memoryLimit?: number;
}

/** What {@linkcode checkpointedAdjoint} found. */
export interface CheckpointedAdjointResult<A> {
  /** λ₀, and what else the adjoint holds. */
  readonly adjoint: A;
  /** Steps taken forward, repetitions included. */
  readonly forwardSteps: number;
  /** Most states that were kept at a time. */
  readonly peakSnapshots: number;
}

const GIB = 2 ** 30;

/**
 * Reverse-mode derivative through a simulation, in bounded memory: states are kept by the binomial
 * schedule of {@linkcode binomialSchedule} and the steps between them repeated, as few as possible.
 *
 * For N steps with s snapshots the steps forward are {@linkcode forwardSteps}(N + 1, s): each step
 * runs at most r + 1 times where C(s + r, s) ≥ N + 1. 100 snapshots do for 5,000 steps with two
 * repetitions.
 *
 * @throws {RangeError} When the limits leave room for no snapshot.
 *
 * @example d(u_N)/d(u₀) of the map u ↦ u²
 * ```ts
 * import { arrayKeeper, checkpointedAdjoint } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const { adjoint, peakSnapshots } = await checkpointedAdjoint({
 *   steps: 6,
 *   initial: Float64Array.of(1.01),
 *   step: (u) => u.map((x) => x * x),
 *   finalAdjoint: () => 1,
 *   adjointStep: (u, _n, lambda: number) => 2 * u[0]! * lambda,
 *   keeper: arrayKeeper<Float64Array>(),
 *   snapshots: 2,
 * });
 * assertAlmostEquals(adjoint, 64 * 1.01 ** 63, 1e-12);
 * assertEquals(peakSnapshots, 2);
 * ```
 */
export async function checkpointedAdjoint<S, A, C = S>(
  options: CheckpointedAdjointOptions<S, A, C>,
): Promise<CheckpointedAdjointResult<A>> {
  const sweep = new Sweep(options);
  try {
    for (const action of binomialSchedule(options.steps + 1, snapshotsOf(options))) {
      await sweep.act(action);
    }
  } finally {
    sweep.end();
  }
  return sweep.result();
}

/** Places for snapshots, from the limits; never more than the schedule can use. */
function snapshotsOf<S, A, C>(options: CheckpointedAdjointOptions<S, A, C>): number {
  const { steps, keeper, initial, memoryLimit = GIB } = options;
  checkInteger("sweep backwards", "steps", steps, { least: 0 });
  const bytes = keeper.bytes?.(initial) ?? 0;
  const fitting = Math.floor(memoryLimit / Math.max(1, bytes));
  if (!(fitting >= 1)) {
    throw new RangeError(
      "Cannot sweep backwards: expected room for one snapshot at least, " +
        `got ${memoryLimit} bytes where a state takes ${bytes}`,
    );
  }
  const { snapshots = fitting } = options;
  // A keeper that counts no bytes leaves room for any number.
  if (snapshots !== fitting) checkInteger("sweep backwards", "snapshots", snapshots);
  return Math.max(1, Math.min(snapshots, fitting, steps));
}

/** The state of a sweep between two actions. */
class Sweep<S, A, C> {
  readonly #options: CheckpointedAdjointOptions<S, A, C>;
  readonly #saved: C[] = [];
  /** The working state; undefined when it has been freed. */
  #state: S | undefined;
  #adjoint: { readonly value: A } | undefined;
  #observed = 0;
  #forwardSteps = 0;
  #peak = 0;

  constructor(options: CheckpointedAdjointOptions<S, A, C>) {
    this.#options = options;
    this.#state = options.initial;
  }

  async act(action: ScheduleAction): Promise<void> {
    switch (action.type) {
      case "save":
        this.#saved.push(this.#options.keeper.save(this.#state!));
        this.#peak = Math.max(this.#peak, this.#saved.length);
        return;
      case "load":
        return this.#load(action.last);
      case "advance":
        return await this.#advance(action.from, action.to);
      case "visit":
        return await this.#visit(action.at);
    }
  }

  result(): CheckpointedAdjointResult<A> {
    return {
      adjoint: this.#adjoint!.value,
      forwardSteps: this.#forwardSteps,
      peakSnapshots: this.#peak,
    };
  }

  /** Gives all memory back, also after an error. */
  end(): void {
    const { keeper } = this.#options;
    for (const snapshot of this.#saved.splice(0)) keeper.drop?.(snapshot);
    if (this.#state !== undefined) keeper.free?.(this.#state);
    this.#state = undefined;
  }

  #load(last: boolean): void {
    const snapshot = this.#saved.at(-1)!;
    if (last) this.#saved.pop();
    this.#state = this.#options.keeper.load(snapshot, this.#state!, last);
  }

  async #advance(from: number, to: number): Promise<void> {
    for (let n = from; n < to; n++) {
      await this.#observe(n);
      const before: S = this.#state!;
      const after: S = await this.#options.step(before, n);
      this.#forwardSteps++;
      if (after !== before) this.#options.keeper.free?.(before);
      this.#state = after;
    }
  }

  async #visit(at: number): Promise<void> {
    const { steps, finalAdjoint, adjointStep } = this.#options;
    const state = this.#state!;
    await this.#observe(at);
    const value = at === steps
      ? await finalAdjoint(state)
      : await adjointStep(state, at, this.#adjoint!.value);
    this.#adjoint = { value };
  }

  async #observe(n: number): Promise<void> {
    if (n !== this.#observed) return;
    this.#observed++;
    await this.#options.observe?.(this.#state!, n);
  }
}
