/**
 * Problems whose solutions are known: to check solvers.
 *
 * @module
 */

import { sampled, slabGrid, squareGrid } from "../grid.ts";
import { designed, designOf, type KineticProblem, type Setup } from "../problem.ts";
import { allSides } from "../sides.ts";

const nothingAsked = { regions: [], perimeters: [], probes: [] } as const;

/** Nothing varies in space: φ decays by absorption alone. */
export const homogeneous: KineticProblem = {
  name: "homogeneous",
  description: "the same everywhere in a periodic square: φ decays by absorption alone",
  dimension: 2,
  ...designed({
    scatter: { value: 1, min: 0, description: "scattering" },
    absorb: { value: 1, min: 0, description: "absorption" },
    end: { value: 1, above: 0, description: "end time" },
  }),
  setup(cells, chosen = {}) {
    const d = designOf(this, chosen);
    const grid = squareGrid({ x: [0, 1], y: [0, 1] }, cells);
    return {
      ...nothingAsked,
      grid,
      scattering: sampled(grid, () => d.scatter!),
      absorption: sampled(grid, () => d.absorb!),
      source: sampled(grid, () => 0),
      start: sampled(grid, () => 1),
      sides: allSides({ kind: "periodic" }),
      time: d.end!,
      exact: (_x, _y, t) => Math.exp(-d.absorb! * t),
    };
  },
};

/** Free streaming of 1 + ½ sin 2πx, whose φ is known: 1 + ½ sin 2πx · sin(2πt) / (2πt). */
function streaming(grid: Setup["grid"], time: number): Setup {
  const wave = 2 * Math.PI;
  const mean = (t: number): number => t === 0 ? 1 : Math.sin(wave * t) / (wave * t);
  const exact = (x: number, _y: number, t: number): number =>
    1 + 0.5 * Math.sin(wave * x) * mean(t);
  // Averages over cells, not values at centres: the sine is smaller by this factor.
  const average = Math.sin(Math.PI * grid.hx) / (Math.PI * grid.hx);
  const nothing = sampled(grid, () => 0);
  return {
    ...nothingAsked,
    grid,
    scattering: nothing,
    absorption: nothing,
    source: nothing,
    start: sampled(grid, (x, y) => 1 + average * (exact(x, y, 0) - 1)),
    sides: allSides({ kind: "periodic" }),
    time,
    exact: (x, y, t) => 1 + average * (exact(x, y, t) - 1),
  };
}

const streamingDesign = { end: { value: 0.25, above: 0, description: "end time" } };

/** A smooth wave that streams freely in the plane. */
export const manufactured: KineticProblem = {
  name: "manufactured",
  description: "a smooth wave that streams freely in a periodic square",
  dimension: 2,
  ...designed(streamingDesign),
  setup(cells, chosen = {}) {
    const { end } = designOf(this, chosen);
    return streaming(squareGrid({ x: [0, 1], y: [0, 1] }, cells), end!);
  },
};

/** The same in a slab. */
export const manufacturedSlab: KineticProblem = {
  name: "manufactured-slab",
  description: "a smooth wave that streams freely in a periodic slab",
  dimension: 1,
  ...designed(streamingDesign),
  setup(cells, chosen = {}) {
    const { end } = designOf(this, chosen);
    return streaming(slabGrid([0, 1], cells), end!);
  },
};
