/** The moments of element-wise rules, for tests that look into their state. */

import { euler, type Matrix, type MomentSlots, type Stepping } from "../../core/mod.ts";
import { type Moments, moments } from "../../optimizers/mod.ts";

/** A stepper that carries moments along. */
export const carrying: Stepping = { stepper: { ...euler, memory: moments } };

/** Slots whose states are moments. */
export function momentsIn(slots: MomentSlots<Matrix>): Record<string, Moments<Matrix>> {
  return slots as Record<string, Moments<Matrix>>;
}
