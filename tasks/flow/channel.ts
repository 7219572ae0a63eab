/**
 * The channel of the Schäfer-Turek benchmark: 4.1 diameters wide, a parabolic inflow, the body two
 * diameters from the inlet and from the lower wall.
 *
 * @module
 */

import { type Grid, grid } from "./grid.ts";
import type { Relaxation } from "./kernel.ts";

/** Width in diameters. */
export const WIDTH = 4.1;
/** Distance of the body's centre from the inlet and from the lower wall, in diameters. */
export const PLACE = 2;

/** Largest mean velocity in cells per step; twice this is reached beside the body. */
const FASTEST = 0.12;

/** What decides a channel. */
export interface ChannelOptions {
  /** Cells across the diameter, about: the width has a whole number of cells. */
  readonly resolution: number;
  /** Reynolds number of mean velocity and diameter; default 100. */
  readonly reynolds?: number;
  /** Mean velocity in cells per step, small against the speed of sound 0.577; default 0.05. */
  readonly velocity?: number;
  /** Length in diameters; default 22. */
  readonly length?: number;
  /** Length in diameters before the outlet over which the viscosity grows; default 3. */
  readonly sponge?: number;
  /** How many times the viscosity grows up to the outlet; default 20. */
  readonly spongeFactor?: number;
  /** (1/ω⁺ − ½)(1/ω⁻ − ½), default 1/12. */
  readonly magic?: number;
}

/** A channel in lattice units: cells and steps. */
export interface Channel {
  /** The lattice. */
  readonly grid: Grid;
  /** Diameter in cells. */
  readonly diameter: number;
  /** Mean velocity in cells per step. */
  readonly velocity: number;
  /** Reynolds number. */
  readonly reynolds: number;
  /** Centre of the body in cells from the inlet and from the lower wall. */
  readonly center: readonly [x: number, y: number];
  /** Relaxation rates by column. */
  readonly relaxation: Relaxation;
  /** Steps in the time that the mean flow needs for one diameter. */
  readonly stepsPerUnit: number;
  /** Velocity of the inflow at a distance from the lower wall, both in lattice units. */
  inflow(y: number): number;
}

/**
 * Lays out a channel.
 *
 * @throws {RangeError} When the flow would be too fast or too rough for the lattice.
 */
export function channel(options: ChannelOptions): Channel {
  const { resolution, reynolds = 100, velocity = 0.05, length = 22 } = options;
  checkStability(options);
  const ny = Math.round(WIDTH * resolution);
  const diameter = ny / WIDTH;
  const g = grid(2 * Math.round(length * diameter / 2), ny);
  const viscosity = velocity * diameter / reynolds;
  return {
    grid: g,
    diameter,
    velocity,
    reynolds,
    center: [PLACE * diameter, PLACE * diameter],
    relaxation: relaxation(g, viscosity, diameter, options),
    stepsPerUnit: diameter / velocity,
    inflow: (y) => 6 * velocity * (y / ny) * (1 - y / ny),
  };
}

/**
 * Largest Reynolds number of velocity and cell size: above about this, what is steeper than the
 * cells can show grows without limit.
 */
const CELL_REYNOLDS = 7;

function checkStability({ resolution, reynolds = 100, velocity = 0.05 }: ChannelOptions): void {
  if (reynolds > CELL_REYNOLDS * resolution) {
    throw new RangeError(
      `Cannot simulate Reynolds number ${reynolds} with ${resolution} cells across the ` +
        `diameter: expected at least ${Math.ceil(reynolds / CELL_REYNOLDS)}; raise the resolution`,
    );
  }
  if (velocity > FASTEST) {
    throw new RangeError(
      `Cannot simulate a mean velocity of ${velocity} cells per step: expected at most ${FASTEST}, ` +
        "as sound has 0.577; lower it",
    );
  }
}

/** Rates by column: constant up to the sponge, where the viscosity grows with a smooth start. */
function relaxation(
  g: Grid,
  viscosity: number,
  diameter: number,
  { sponge = 3, spongeFactor = 20, magic = 1 / 12 }: ChannelOptions,
): Relaxation {
  const even = new Float64Array(g.pitch);
  const odd = new Float64Array(g.pitch);
  const begin = g.nx - sponge * diameter;
  for (let x = 0; x < g.pitch; x++) {
    const depth = sponge > 0 ? Math.max(0, (x - begin) / (g.nx - begin)) : 0;
    const slack = 3 * viscosity * (1 + (spongeFactor - 1) * depth ** 2);
    even[x] = 1 / (slack + 0.5);
    odd[x] = 1 / (magic / slack + 0.5);
  }
  return { even, odd };
}
