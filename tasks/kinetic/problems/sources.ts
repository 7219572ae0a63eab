import { lineSourceFlux, planeSourceFlux } from "../analytic.ts";
import { sampled, slabGrid, squareGrid } from "../grid.ts";
import { designed, designOf, type KineticProblem } from "../problem.ts";
import { allSides, vacuum } from "../sides.ts";

/** A pulse in the middle of a scattering slab (Ganapol, 2008). */
export const planeSource: KineticProblem = {
  name: "plane-source",
  description: "a pulse in the middle of a scattering slab",
  dimension: 1,
  ...designed({
    scatter: { value: 1, min: 0, description: "scattering" },
    absorb: { value: 0, min: 0, description: "absorption" },
    width: { value: 0.03, above: 0, description: "standard deviation of the pulse" },
    floor: { value: 1e-4, min: 0, description: "least φ at the start" },
    end: { value: 1, above: 0, description: "end time" },
  }),
  setup(cells, chosen = {}) {
    const d = designOf(this, chosen);
    const grid = slabGrid([-1.5, 1.5], cells);
    const pulse = (x: number): number =>
      Math.exp(-((x / d.width!) ** 2) / 2) / (d.width! * Math.sqrt(2 * Math.PI));
    const known = d.scatter === 1 && d.absorb === 0;
    return {
      grid,
      scattering: sampled(grid, () => d.scatter!),
      absorption: sampled(grid, () => d.absorb!),
      source: sampled(grid, () => 0),
      start: sampled(grid, (x) => Math.max(d.floor!, pulse(x))),
      sides: { ...allSides({ kind: "periodic" }), left: vacuum, right: vacuum },
      time: d.end!,
      regions: [],
      perimeters: [],
      probes: [],
      ...(known && { exact: (x: number, _y: number, t: number) => planeSourceFlux(x, t) }),
    };
  },
};

/** A pulse along a line in a scattering medium (Ganapol, 2008). */
export const lineSource: KineticProblem = {
  name: "line-source",
  description: "a pulse in the middle of a scattering plane",
  dimension: 2,
  ...designed({
    scatter: { value: 1, min: 0, description: "scattering" },
    absorb: { value: 0, min: 0, description: "absorption" },
    width: { value: 0.06, above: 0, description: "standard deviation of the pulse over √2" },
    end: { value: 0.5, above: 0, description: "end time" },
  }),
  setup(cells, chosen = {}) {
    const d = designOf(this, chosen);
    const grid = squareGrid({ x: [-1.5, 1.5], y: [-1.5, 1.5] }, cells);
    const variance = 4 * d.width! ** 2;
    const known = d.scatter === 1 && d.absorb === 0;
    return {
      grid,
      scattering: sampled(grid, () => d.scatter!),
      absorption: sampled(grid, () => d.absorb!),
      source: sampled(grid, () => 0),
      start: sampled(grid, (x, y) => Math.exp(-(x * x + y * y) / variance) / (Math.PI * variance)),
      sides: allSides(vacuum),
      time: d.end!,
      regions: [],
      perimeters: [],
      probes: [[0, 0], [0.5, 0], [0, 0.5]],
      ...(known && {
        exact: (x: number, y: number, t: number) => lineSourceFlux(Math.hypot(x, y), t),
      }),
    };
  },
};
