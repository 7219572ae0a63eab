/**
 * Windows: weights over a span of time with unit integral.
 *
 * @module
 */

import { type Plugin, Registry } from "../registry.ts";
import type { Tunable } from "../tunable.ts";
import { integrateOver } from "./quadrature.ts";

/** A weight over the unit interval: non-negative, with unit integral. */
export interface TimeWindow extends Tunable<TimeWindow> {
  /**
   * Order of windowed averages of periodic signals whose period is unknown: the error falls like
   * (number of periods)⁻ᵒʳᵈᵉʳ; Infinity where it falls faster than any power. Sensitivities have
   * one order less, because their amplitude grows with time.
   */
  readonly order: number;
  /** w(τ); 0 outside of [0, 1]. */
  weight(tau: number): number;
}

/** Windows by name. */
export const windows: Registry<TimeWindow> = new Registry("window");

/** What a window is made of. */
export interface WindowDefinition extends Plugin {
  /** Order of averages: one more than the number of derivatives that vanish at both ends, w too. */
  readonly order: number;
  /** The weight on [0, 1] up to a factor: smooth inside, non-negative. */
  readonly shape: (tau: number) => number;
}

/**
 * Makes a window of a shape: scales it to unit integral by Gauss-Legendre quadrature, to 1e-12 for
 * analytic shapes. To find it by name, add it to {@linkcode windows}.
 *
 * @throws {RangeError} When the shape is negative or not finite somewhere, or zero everywhere.
 *
 * @example A window of one's own
 * ```ts
 * import { defineWindow, windowedMean } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const parabola = defineWindow({
 *   name: "parabola",
 *   description: "τ (1 − τ)",
 *   order: 2,
 *   shape: (tau) => tau * (1 - tau),
 * });
 * assertAlmostEquals(parabola.weight(0.5), 1.5, 1e-12);
 * assertAlmostEquals(windowedMean([3, 3, 3, 3], parabola), 3, 1e-12);
 * ```
 */
export function defineWindow(definition: WindowDefinition): TimeWindow {
  const { shape, ...rest } = definition;
  const area = integrateOver((tau) => checked(rest.name, shape, tau), 0, 1);
  if (!(area > 0)) {
    throw new RangeError(
      `Cannot make window "${rest.name}": expected a shape with positive integral, got ${area}`,
    );
  }
  return { ...rest, weight: (tau) => tau >= 0 && tau <= 1 ? shape(tau) / area : 0 };
}

function checked(name: string, shape: (tau: number) => number, tau: number): number {
  const value = shape(tau);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new RangeError(
    `Cannot make window "${name}": expected weights ≥ 0, got ${value} at ${tau}`,
  );
}
