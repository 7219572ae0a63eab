/**
 * How a weight moves, whatever it is.
 *
 * @module
 */

import { type Plugin, Registry } from "../registry.ts";
import type { WeightMotion } from "./method.ts";
import type { Moment } from "./refresh.ts";
import type { Representation } from "./representation.ts";
import type { Evidence, WeightPoint, WeightRecord, WeightSpec } from "./weight.ts";

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

/** A way to move weights: an optimizer rule, an integrator, not at all. */
export interface Mover extends Plugin {
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
}

/** Movers by name. */
export const movers: Registry<Mover> = new Registry("mover");
