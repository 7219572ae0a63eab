/**
 * The pressure difference between the front and the back of a circle.
 *
 * Nothing flows through the body, and its inside has no pressure to speak of. So the pressure is
 * taken from the fluid: on the line through the centre, a parabola through the densities of the
 * first three columns that are clear of the body's skin is continued to the surface. The pressure
 * is a third of the density; only differences of it are used, so that its mean does not matter.
 *
 * @module
 */

import type { Channel } from "./channel.ts";
import { slot } from "./grid.ts";
import { DIRECTIONS } from "./lattice.ts";

/** Columns that a parabola goes through. */
const COLUMNS = 3;
/** Whole columns that are left out next to the surface, where the skin reaches half a cell. */
const CLEAR = 1;

/** Densities to be summed. */
export interface PressureProbe {
  /** Cells. */
  readonly cells: Int32Array;
  /** Weights of their densities; they sum to 0. */
  readonly weights: Float64Array;
  /** Numbers from one direction to the next. */
  readonly plane: number;
}

/** The probe of a circle of diameter 1 in its place: front less back, in units of ρ U². */
export function pressureProbe(channel: Channel): PressureProbe {
  const { grid: g, center, diameter, velocity } = channel;
  const unit = 3 * velocity * velocity;
  const row = center[1] + 0.5;
  const low = Math.floor(row);
  const cells: number[] = [];
  const weights: number[] = [];
  for (const side of [-1, 1]) {
    const surface = center[0] + side * diameter / 2;
    const first = (side < 0 ? Math.floor(surface) : Math.ceil(surface)) + side * CLEAR;
    const columns = Array.from({ length: COLUMNS }, (_, k) => first + side * k);
    continuation(columns, surface).forEach((weight, k) => {
      cells.push(slot(g, 0, columns[k]!, low), slot(g, 0, columns[k]!, low + 1));
      weights.push(...[1 - row + low, row - low].map((share) => -side * share * weight / unit));
    });
  }
  return { cells: Int32Array.from(cells), weights: Float64Array.from(weights), plane: g.plane };
}

/** Weights of values at some points in that of the polynomial through them at another point. */
function continuation(points: readonly number[], at: number): number[] {
  return points.map((p) => points.reduce((w, q) => q === p ? w : w * (at - q) / (p - q), 1));
}

/** The difference in a state. */
export function pressureDrop(
  { cells, weights, plane }: PressureProbe,
  state: Float64Array,
): number {
  let sum = 0;
  for (let k = 0; k < cells.length; k++) {
    let rho = 0;
    for (let i = 0; i < DIRECTIONS; i++) rho += state[cells[k]! + i * plane]!;
    sum += weights[k]! * rho;
  }
  return sum;
}
