/**
 * Formats of weights: pairs of what a weight is and how it moves, under the names that people type.
 *
 * @module
 */

import { type Plugin, Registry } from "../registry.ts";
import { choose } from "../tunable.ts";
import { motionOf, type TrainingMethod } from "./method.ts";
import { type Allocation, type Mover, movers } from "./mover.ts";
import type { Moment } from "./refresh.ts";
import type { Representation } from "./representation.ts";
import type { Evidence, WeightPoint, WeightSpec, WeightState } from "./weight.ts";

/** What an update leaves behind. */
export interface WeightUpdate {
  /** State after the step. */
  readonly state: WeightState;
  /** Frobenius norm of what truncation discarded; absent for formats without ranks. */
  readonly discarded?: number;
}

/** A pair of a representation and a mover. */
export interface WeightFormat extends Plugin {
  /** What a weight is. */
  readonly representation: Representation;
  /** How it moves, where its parameter group says nothing else. */
  readonly mover: Mover;
  /** What follows each step of the weights of this format: a budget over all of them, for instance. */
  readonly allocate?: Allocation;
  /** Name of the format that matrices have in a network whose kernels have this one; default it. */
  readonly matrices?: string;
}

/** Weight formats by name. */
export const weightFormats: Registry<WeightFormat> = new Registry("weight format");

/** What a weight is. */
export function representationOf({ format }: Pick<WeightSpec, "format">): Representation {
  return weightFormats.get(format).representation;
}

/** A record of a weight as its state. */
export function stateOf({ format }: Pick<WeightSpec, "format">, record: object): WeightState {
  return { ...record, format };
}

/**
 * The mover of a weight in a run.
 *
 * @throws {RangeError} When it cannot move what the weight is.
 */
export function moverOf(method: TrainingMethod, spec: WeightSpec): Mover {
  const format = weightFormats.get(spec.format);
  const { mover: name } = motionOf(method, spec, 0);
  const mover = name === undefined ? format.mover : choose(movers, name);
  if (mover.moves(format.representation)) return mover;
  throw new RangeError(
    `Cannot move "${spec.name}" by "${mover.name}": weights of format "${format.name}" ` +
      `offer it no reading`,
  );
}

/** A step that nothing is known of. */
const SOME_STEP: Moment = { progress: 0, final: false };

/** One training step of a weight: yields points, gets evidence. */
export async function* updateWeight(
  method: TrainingMethod,
  spec: WeightSpec,
  state: WeightState,
  rate: number,
  moment: Moment = SOME_STEP,
): AsyncGenerator<WeightPoint, WeightUpdate, Evidence> {
  const representation = representationOf(spec);
  const motion = motionOf(method, spec, rate);
  const weight = { representation, spec, state, motion, moment };
  const moved = yield* moverOf(method, spec).update(weight);
  return { ...moved, state: stateOf(spec, moved.state) };
}
