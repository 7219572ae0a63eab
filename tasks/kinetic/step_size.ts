/**
 * Safe step sizes.
 *
 * @module
 */

import type { CartesianGrid } from "./grid.ts";
import { isSlab } from "./grid.ts";

/** Ways to step in time. */
export const TIME_METHODS = ["heun", "euler", "imex-euler"] as const;

/** How a solver steps in time: explicitly, or with collisions treated implicitly. */
export type TimeMethod = typeof TIME_METHODS[number];

/** Part of the largest step that keeps ψ ≥ 0 at order 1 which is taken by default. */
const SAFETY = 0.9;

/** What bounds a step. */
export interface StepBound {
  /** The cells. */
  readonly grid: CartesianGrid;
  /** Largest σt. */
  readonly attenuation: number;
  /** How it is stepped. */
  readonly time: TimeMethod;
}

/**
 * Cells that are crossed in unit time at most, along both axes together: √2/h in the plane, 1/h in
 * a slab.
 */
function crossings(g: CartesianGrid): number {
  return isSlab(g) ? 1 / g.hx : Math.hypot(1 / g.hx, 1 / g.hy);
}

/**
 * The largest step at which no mode of the upwind scheme grows: the fastest oscillation is
 * multiplied by 1 − Δt σt − 2 Δt (|Ωₓ|/hₓ + |Ω_y|/h_y). With implicit collisions transport alone
 * counts.
 */
export function largestStep({ grid, attenuation, time }: StepBound): number {
  const crossed = crossings(grid);
  return time === "imex-euler" ? 1 / crossed : 2 / (attenuation + 2 * crossed);
}

/** The largest step that keeps ψ ≥ 0 at order 1: 1 / (σt + |Ωₓ|/hₓ + |Ω_y|/h_y). */
export function positiveStep({ grid, attenuation, time }: StepBound): number {
  return 1 / ((time === "imex-euler" ? 0 : attenuation) + crossings(grid));
}

/**
 * The step size: cfl × h, or else nine tenths of what keeps ψ ≥ 0 at order 1,
 * 1 / (σt + |Ωₓ|/hₓ + |Ω_y|/h_y).
 *
 * @throws {RangeError} When it is not stable; the message names the bound.
 */
export function stepSize(bound: StepBound, cfl?: number): number {
  const { grid, attenuation } = bound;
  if (cfl === undefined) return SAFETY * positiveStep(bound);
  const most = largestStep(bound) / grid.hx;
  if (cfl > 0 && cfl <= most * (1 + 1e-12)) return cfl * grid.hx;
  throw new RangeError(
    `Cannot step with a CFL number of ${cfl}: expected a number > 0 and ≤ ${most.toPrecision(4)} ` +
      `for cells of ${
        grid.hx.toPrecision(4)
      } and σt up to ${attenuation}; lower it, or leave it out`,
  );
}

/** Equal steps to a time, the last of which may be shorter. */
export interface TimeSteps {
  /** Length of all but the last. */
  readonly dt: number;
  /** How many. */
  readonly count: number;
  /** Length of the step of a number, from 0. */
  lengthOf(n: number): number;
  /** Time at its end. */
  endOf(n: number): number;
}

/** Steps of a length to a time. */
export function timeSteps(time: number, dt: number): TimeSteps {
  const count = Math.max(1, Math.ceil(time / dt - 1e-9));
  return {
    dt,
    count,
    lengthOf: (n) => n < count - 1 ? dt : time - (count - 1) * dt,
    endOf: (n) => n < count - 1 ? (n + 1) * dt : time,
  };
}
