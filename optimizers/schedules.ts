/**
 * Learning-rate schedules: a factor of the base rate as a function of the step alone, so that a
 * resumed run needs no state.
 *
 * @module
 */

import {
  checkInteger,
  checkNumber,
  Registry,
  type Tunable,
  tunable,
  type Tuned,
} from "../core/mod.ts";

/** The run that a schedule is for. */
export interface ScheduleSettings {
  /** Steps of the whole run, ≥ 1. */
  readonly totalSteps: number;
  /** Steps of linear warm-up before the schedule proper; default 0. */
  readonly warmupSteps?: number;
}

/**
 * A learning-rate schedule.
 *
 * @example Halved half way
 * ```ts
 * import type { Schedule, ScheduleSettings } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const halved: Schedule = {
 *   name: "halved",
 *   description: "half the rate in the second half",
 *   factor: (step, { totalSteps }) => step < totalSteps / 2 ? 1 : 0.5,
 * };
 * const settings: ScheduleSettings = { totalSteps: 10 };
 * assertEquals([0, 9].map((step) => halved.factor(step, settings)), [1, 0.5]);
 * ```
 */
export interface Schedule extends Tunable<Schedule> {
  /**
   * Factor of the base rate.
   *
   * @param step Steps done, from 0.
   */
  factor(step: number, settings: ScheduleSettings): number;
}

/**
 * Schedules by name.
 *
 * @example Half way down a cosine
 * ```ts
 * import { schedules } from "@rankflow/rankflow";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(schedules.get("cosine").factor(50, { totalSteps: 100 }), 0.5);
 * ```
 */
export const schedules: Registry<Schedule> = new Registry("schedule");

/** The base rate throughout. */
export const constant: Schedule = schedules.add({
  name: "constant",
  description: "the base rate throughout",
  factor: () => 1,
});

/** Drops by a factor at regular intervals. */
export const stepDecay: Tuned<
  Schedule,
  { readonly dropEvery: number; readonly dropFactor: number }
> = tunable(schedules, {
  name: "step",
  description: "drops by a factor at regular intervals",
  defaults: { dropEvery: 0, dropFactor: 0.1 },
  limits: {
    dropEvery: { integer: true, min: 0, description: "steps between drops, 0: a third of the run" },
    dropFactor: { min: 0, description: "factor of each drop" },
  },
  make: ({ dropEvery, dropFactor }) => ({
    factor: (step, { totalSteps }) =>
      dropFactor ** Math.floor(step / (dropEvery || Math.ceil(totalSteps / 3))),
  }),
});

/** Half a cosine from the base rate to its end (Loshchilov, Hutter: SGDR, ICLR 2017). */
export const cosine: Tuned<Schedule, { readonly finalFactor: number }> = tunable(schedules, {
  name: "cosine",
  description: "half a cosine from the base rate down",
  defaults: { finalFactor: 0 },
  limits: { finalFactor: { min: 0, description: "factor at the end" } },
  make: ({ finalFactor }) => ({
    factor(step, { totalSteps }) {
      const progress = Math.min(step / totalSteps, 1);
      return finalFactor + (1 - finalFactor) * 0.5 * (1 + Math.cos(Math.PI * progress));
    },
  }),
});

/**
 * The learning rate at a step: linear warm-up, then the schedule over the remaining steps.
 *
 * @param base Base rate, > 0.
 * @param schedule What follows the warm-up.
 * @param step Steps done, from 0.
 * @throws {RangeError} When the rate is not positive, the warm-up is longer than the run, or the
 * schedule gives no factor.
 *
 * @example Warm-up
 * ```ts
 * import { constant, rateAt } from "@rankflow/rankflow/optimizers";
 * import { assertEquals } from "@std/assert";
 *
 * const settings = { totalSteps: 100, warmupSteps: 4 };
 * assertEquals([0, 1, 3, 4, 50].map((n) => rateAt(0.8, constant, n, settings)), [
 *   0.2, 0.4, 0.8, 0.8, 0.8,
 * ]);
 * ```
 */
export function rateAt(
  base: number,
  schedule: Schedule,
  step: number,
  settings: ScheduleSettings,
): number {
  const { totalSteps, warmupSteps = 0 } = settings;
  checkNumber("train", "the rate", base, { above: 0 });
  checkInteger("train", "totalSteps", totalSteps);
  checkInteger("train", "warmupSteps", warmupSteps, { least: 0, most: totalSteps });
  checkInteger("train", "the step", step, { least: 0 });
  if (step < warmupSteps) return base * (step + 1) / warmupSteps;
  const rest = { ...settings, totalSteps: Math.max(1, totalSteps - warmupSteps) };
  const factor = schedule.factor(step - warmupSteps, rest);
  return base * checkNumber("train", `the factor of schedule "${schedule.name}"`, factor, {
    least: 0,
  });
}
