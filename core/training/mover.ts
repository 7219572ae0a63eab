/**
 * How a weight moves, whatever it is.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import type { Tunable } from "../tunable.ts";
import type { TrainingMethod, WeightMotion } from "./method.ts";
import type { Moment } from "./refresh.ts";
import type { Representation } from "./representation.ts";
import type { Evidence, WeightPoint, WeightRecord, WeightSpec, WeightState } from "./weight.ts";

/** One weight at the start of a step. */
export interface Moving {
  /** What it is. */
  readonly representation: Representation;
  /** As its layer declares it. */
  readonly spec: WeightSpec;
  /** What is stored of it, moments included. */
  readonly state: WeightRecord;
  /** How it moves. */
  readonly motion: WeightMotion;
  /** When in the run. */
  readonly moment: Moment;
}

/** Where a step ends. */
export interface Moved {
  /** What is stored after the step. */
  readonly state: WeightRecord;
  /** Frobenius norm of what truncation discarded; absent where there are no ranks. */
  readonly discarded?: number;
}

/** A weight after a step. */
export interface Stepped {
  /** As its layer declares it. */
  readonly spec: WeightSpec;
  /** Before the step. */
  readonly before: WeightState;
  /** After it. */
  readonly state: WeightState;
}

/**
 * What follows a step of all weights of one format together: ranks that they share, for instance.
 * Answers with their states in the same order.
 */
export type Allocation = (
  method: TrainingMethod,
  weights: readonly Stepped[],
  moment: Moment,
) => Promise<readonly WeightRecord[]>;

/** A way to move weights: an optimizer rule, an integrator, not at all. */
export interface Mover extends Tunable<Mover> {
  /** True when its weights wait for the last evaluation of a step: biases beside factors. */
  readonly waits: boolean;
  /** Whether bases that it moves stay orthonormal, and the core between them is all of a weight. */
  readonly keepsBases?: boolean;
  /** Whether it can move what is represented so. */
  moves(representation: Representation): boolean;
  /**
   * One step: yields points, gets evidence. A weight that stands still yields nothing, and costs
   * the pass no gradient.
   */
  update(weight: Moving): AsyncGenerator<WeightPoint, Moved, Evidence>;
  /** What follows each step, over all weights of a format that it moves; default nothing. */
  readonly allocate?: Allocation;
}

/** Movers by name. */
export const movers: Registry<Mover> = new Registry("mover");
