/**
 * Quantities of interest of a run, a row for each step, as the tables of published codes have them.
 *
 * @module
 */

import { faceRates, type Faces, facesAround, openSides } from "./boundary_flow.ts";
import { areaOf, type CartesianGrid, layoutOf } from "./grid.ts";
import type { Ordinates } from "./ordinates.ts";
import type { Setup } from "./problem.ts";

/** Windows of time over which probes are integrated. */
export const WINDOWS = 10;

/** What is known after a step. */
export interface Observation {
  /** φ by cell. */
  readonly flux: Float64Array;
  /** ψ in the frame of {@linkcode layoutOf}; absent: outflow and probes are not told. */
  readonly psi?: Float64Array;
  /** Length of the step. */
  readonly dt: number;
  /** Time at its end. */
  readonly time: number;
}

/** A history of quantities: totals are sums over steps of values at their ends. */
export class Quantities {
  /** Names of the columns. */
  readonly columns: readonly string[];
  /** A row for each step. */
  readonly rows: number[][];
  /** ∫ u₀ of each probe over tenths of the time. */
  readonly windows: number[][];
  readonly #setup: Setup;
  readonly #ordinates: Ordinates | undefined;
  readonly #sides: readonly Faces[];
  readonly #perimeters: readonly (readonly Faces[])[];
  readonly #probes: readonly Int32Array[];
  readonly #peak: number;
  #flux: Float64Array;

  /**
   * Begins at the start of a problem.
   *
   * @param ordinates The directions; absent: only what φ tells is told.
   * @param legacy Whether the largest absorption is that of a cell, as in published code, and not a
   *   density.
   * @param before Rows and windows of a run that goes on, and its φ.
   */
  constructor(
    setup: Setup,
    ordinates?: Ordinates,
    legacy = false,
    before: Pick<Quantities, "rows" | "windows"> & { flux?: Float64Array } = {
      rows: [],
      windows: setup.probes.map(() => new Array(WINDOWS).fill(0)),
    },
  ) {
    const { grid, perimeters, probes } = setup;
    this.#setup = setup;
    this.#ordinates = ordinates;
    this.columns = columnsOf(setup, ordinates !== undefined);
    this.rows = before.rows;
    this.windows = before.windows;
    this.#flux = before.flux ?? setup.start;
    this.#sides = openSides(setup);
    this.#perimeters = perimeters.map((p) => facesAround(grid, p));
    this.#probes = probes.map((p) => cellsNear(grid, p));
    this.#peak = legacy ? areaOf(grid) : 1;
  }

  /** A value of the last row. */
  last(column: string): number {
    return this.rows.at(-1)![this.columns.indexOf(column)]!;
  }

  /** Adds the row of a step. */
  observe({ flux, psi, dt, time }: Observation): void {
    const area = areaOf(this.#setup.grid);
    const { absorption, regions } = this.#setup;
    const mass = area * flux.reduce((sum, phi) => sum + phi, 0);
    const rms = Math.sqrt(flux.reduce((sum, phi, k) => sum + (phi - this.#flux[k]!) ** 2, 0));
    const absorbed = (cells?: Float64Array): number =>
      area * flux.reduce((sum, phi, k) => sum + phi * absorption[k]! * (cells?.[k] ?? 1), 0);
    const peak = flux.reduce((most, phi, k) => Math.max(most, phi * absorption[k]!), 0);
    const row = [this.rows.length, mass, rms];
    if (psi && this.#ordinates) row.push(...this.#leaving(this.#sides, psi, dt, row.length, true));
    row.push(...this.#summed(absorbed(), dt, row.length), this.#peak * peak);
    if (psi && this.#ordinates) {
      for (const p of this.#perimeters) row.push(...this.#leaving(p, psi, dt, row.length, false));
    }
    for (const { cells } of regions) row.push(this.#before(row.length) + dt * absorbed(cells));
    if (psi && this.#ordinates) row.push(...this.#probed(psi, dt, time));
    this.rows.push(row);
    this.#flux = flux;
  }

  #before(column: number): number {
    return this.rows.at(-1)?.[column] ?? 0;
  }

  /** A rate and its time sum, which are columns `at` and `at` + 1. */
  #summed(rate: number, dt: number, at: number): [number, number] {
    return [rate, this.#before(at + 1) + dt * rate];
  }

  #leaving(
    faces: readonly Faces[],
    psi: Float64Array,
    dt: number,
    at: number,
    most: boolean,
  ): number[] {
    const { plane } = layoutOf(this.#setup.grid);
    const { outflow, largest } = faceRates(faces, this.#ordinates!, psi, plane);
    return [...this.#summed(outflow, dt, at), ...(most ? [largest] : [])];
  }

  #probed(psi: Float64Array, dt: number, time: number): number[] {
    const tenth = this.#setup.time / WINDOWS;
    const window = Math.min(WINDOWS - 1, Math.max(0, Math.ceil(time / tenth - 1e-9) - 1));
    return this.#probes.flatMap((cells, p) => {
      const moments = momentsAt(cells, this.#ordinates!, psi, layoutOf(this.#setup.grid).plane);
      this.windows[p]![window]! += dt * moments[0];
      return moments;
    });
  }
}

function columnsOf({ perimeters, regions, probes }: Setup, directions: boolean): string[] {
  const outflow = (of: string): string[] => [`Cur_outflow${of}`, `Total_outflow${of}`];
  const onlyWith = (names: string[]): string[] => directions ? names : [];
  return [
    ...["Iter", "Mass", "RMS_flux"],
    ...onlyWith([...outflow(""), "Max_outflow"]),
    ...["Cur_absorption", "Total_absorption", "Max_absorption"],
    ...onlyWith(perimeters.flatMap(({ name }) => outflow(`_${name}`))),
    ...regions.map(({ name }) => `Cumulated_absorption_${name}`),
    ...onlyWith(probes.flatMap((_, p) => [0, 1, 2].map((k) => `Probe ${p} u_${k}`))),
  ];
}

/** Places of the cells whose centres lie around a point. */
function cellsNear(g: CartesianGrid, [px, py]: readonly [number, number]): Int32Array {
  const { pitch, origin } = layoutOf(g);
  const radius = Math.max(0.01, 0.75 * g.hx) + 1e-12;
  const cells: number[] = [];
  for (let j = 0; j < g.ny; j++) {
    for (let i = 0; i < g.nx; i++) {
      const [x, y] = [g.x0 + (i + 0.5) * g.hx, g.y0 + (j + 0.5) * g.hy];
      if (Math.hypot(x - px, y - py) <= radius) cells.push(origin + j * pitch + i);
    }
  }
  return Int32Array.from(cells);
}

/** Σ w ψ, Σ w Ωₓ ψ and Σ w Ω_y ψ as means over cells; 0 where a part of a domain has no cell there. */
function momentsAt(
  cells: Int32Array,
  { x, y, weights }: Ordinates,
  psi: Float64Array,
  plane: number,
): [number, number, number] {
  const moments: [number, number, number] = [0, 0, 0];
  if (cells.length === 0) return moments;
  for (let q = 0; q < weights.length; q++) {
    const sum = cells.reduce((s, cell) => s + psi[q * plane + cell]!, 0);
    const value = weights[q]! * sum / cells.length;
    moments[0] += value;
    moments[1] += x[q]! * value;
    moments[2] += y[q]! * value;
  }
  return moments;
}
