/**
 * How the strength of a regularizer changes over a run.
 *
 * @module
 */

import { Registry } from "../registry.ts";
import { type Tunable, tunable, type Tuned } from "../tunable.ts";

/**
 * A factor of the strength over the course of a run.
 *
 * @example Nothing in the first half, all in the second
 * ```ts
 * import type { StrengthSchedule } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const late: StrengthSchedule = {
 *   name: "late",
 *   description: "from half way on",
 *   at: (progress) => progress < 0.5 ? 0 : 1,
 * };
 * assertEquals([0.2, 0.7].map((p) => late.at(p)), [0, 1]);
 * ```
 */
export interface StrengthSchedule extends Tunable<StrengthSchedule> {
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

/** From 0 to 1 at first: the network finds its directions before they are evened out. */
export const risingStrength: Tuned<StrengthSchedule, { readonly share: number }> = tunable(
  strengthSchedules,
  {
    name: "rising",
    description: "from nothing to full strength over the first half of the run",
    defaults: { share: 0.5 },
    limits: { share: { above: 0, max: 1, description: "part of the run in which it rises" } },
    make: ({ share }) => ({ at: (progress) => Math.min(1, progress / share) }),
  },
);

/** From 1 to 0 along half a cosine: the end of the run is for the loss alone. */
export const fadingStrength: Tuned<StrengthSchedule, { readonly end: number }> = tunable(
  strengthSchedules,
  {
    name: "fading",
    description: "from full strength to nothing along half a cosine",
    defaults: { end: 0 },
    limits: { end: { min: 0, max: 1, description: "strength at the end" } },
    make: ({ end }) => ({
      at: (progress) => end + (1 - end) * (1 + Math.cos(Math.PI * Math.min(1, progress))) / 2,
    }),
  },
);
