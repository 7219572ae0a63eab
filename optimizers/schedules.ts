/**
 * Learning-rate schedules: a factor of the base rate as a function of the step alone, so that a
 * resumed run needs no state.
 *
 * @module
 */

import { checkInteger, checkNumber, type Plugin, Registry } from "../core/mod.ts";

/** Settings of schedules; each reads those that it lists among its options. */
export interface ScheduleSettings {
  /** Steps of the whole run, ≥ 1. */
  readonly totalSteps: number;
  /** Steps of linear warm-up before the schedule proper; default 0. */
  readonly warmupSteps?: number;
  /** Steps between two drops of the step schedule; default a third of the run. */
  readonly dropEvery?: number;
  /** Factor of each drop; default 0.1. */
  readonly dropFactor?: number;
  /** Factor at the end of the cosine; default 0. */
  readonly finalFactor?: number;
}

/** A learning-rate schedule. */
export interface Schedule extends Plugin {
  /**
   * Factor of the base rate.
   *
   * @param step Steps done, from 0.
   */
  factor(step: number, settings: ScheduleSettings): number;
}

/** Schedules by name. */
export const schedules: Registry<Schedule> = new Registry("schedule");

/** The base rate throughout. */
export const constant: Schedule = schedules.add({
  name: "constant",
  description: "the base rate throughout",
  options: {},
  factor: () => 1,
});

/** Drops by a factor at regular intervals. */
export const stepDecay: Schedule = schedules.add({
  name: "step",
  description: "drops by a factor at regular intervals",
  options: {
    dropEvery: "steps between two drops (a third of the run)",
    dropFactor: "factor of each drop (0.1)",
  },
  factor(step, { totalSteps, dropEvery = Math.ceil(totalSteps / 3), dropFactor = 0.1 }) {
    checkInteger("drop the rate", "dropEvery", dropEvery);
    checkNumber("drop the rate", "dropFactor", dropFactor, { least: 0 });
    return dropFactor ** Math.floor(step / dropEvery);
  },
});

/** Half a cosine from the base rate to its end (Loshchilov, Hutter: SGDR, ICLR 2017). */
export const cosine: Schedule = schedules.add({
  name: "cosine",
  description: "half a cosine from the base rate down",
  options: { finalFactor: "factor at the end (0)" },
  factor(step, { totalSteps, finalFactor = 0 }) {
    checkNumber("lower the rate", "finalFactor", finalFactor, { least: 0 });
    const progress = Math.min(step / totalSteps, 1);
    return finalFactor + (1 - finalFactor) * 0.5 * (1 + Math.cos(Math.PI * progress));
  },
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
