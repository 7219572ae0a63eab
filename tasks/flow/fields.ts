/**
 * Fields to look at.
 *
 * @module
 */

import type { Channel } from "./channel.ts";
import { slot } from "./grid.ts";
import { CX, CY, DIRECTIONS } from "./lattice.ts";

/** A scalar field on the cells of a channel, row by row from the lower wall. */
export interface Field {
  /** Cells along the channel. */
  readonly width: number;
  /** Cells across the channel. */
  readonly height: number;
  /** Values, height × width. */
  readonly values: Float64Array;
}

/**
 * Vorticity ∂v/∂x − ∂u/∂y in mean velocities per diameter, by central differences.
 *
 * @param channel The channel of the state.
 * @param state A state of a solver.
 */
export function vorticity(channel: Channel, state: Float64Array): Field {
  const { grid: g, diameter, velocity } = channel;
  const u = momentum(channel, state, CX);
  const v = momentum(channel, state, CY);
  const at = (x: number, y: number): number => clamp(y, g.ny) * g.nx + clamp(x, g.nx);
  const values = new Float64Array(g.nx * g.ny);
  for (let y = 0; y < g.ny; y++) {
    for (let x = 0; x < g.nx; x++) {
      const turn = v[at(x + 1, y)]! - v[at(x - 1, y)]! - u[at(x, y + 1)]! + u[at(x, y - 1)]!;
      values[at(x, y)] = turn / 2 * diameter / velocity;
    }
  }
  return { width: g.nx, height: g.ny, values };
}

const clamp = (k: number, n: number): number => Math.max(0, Math.min(n - 1, k));

/** Σ cᵢ hᵢ of every cell, without the frame. */
function momentum(
  { grid: g }: Channel,
  state: Float64Array,
  along: readonly number[],
): Float64Array {
  const j = new Float64Array(g.nx * g.ny);
  for (let i = 1; i < DIRECTIONS; i++) {
    if (along[i] === 0) continue;
    for (let y = 0; y < g.ny; y++) {
      const row = slot(g, i, 1, y + 1);
      for (let x = 0; x < g.nx; x++) j[y * g.nx + x]! += along[i]! * state[row + x]!;
    }
  }
  return j;
}
