/**
 * How the strength of a regularizer changes over a run.
 *
 * @module
 */

import { type Plugin, Registry } from "../registry.ts";

/** A factor of the strength over the course of a run. */
export interface StrengthSchedule extends Plugin {
  /**
   * The factor.
   *
   * @param progress Share of the run that is done, from 0 to 1.
   */
  at(progress: number): number;
}

/** Strength schedules by name. */
export const strengthSchedules: Registry<StrengthSchedule> = new Registry("strength schedule");

/** The same throughout. */
export const steadyStrength: StrengthSchedule = strengthSchedules.add({
  name: "steady",
  description: "full strength throughout",
  at: () => 1,
});

/** From 0 to 1 over the first half: the network finds its directions before they are evened out. */
export const risingStrength: StrengthSchedule = strengthSchedules.add({
  name: "rising",
  description: "from nothing to full strength over the first half of the run",
  at: (progress) => Math.min(1, 2 * progress),
});

/** From 1 to 0 along half a cosine: the end of the run is for the loss alone. */
export const fadingStrength: StrengthSchedule = strengthSchedules.add({
  name: "fading",
  description: "from full strength to nothing along half a cosine",
  at: (progress) => (1 + Math.cos(Math.PI * Math.min(1, progress))) / 2,
});
