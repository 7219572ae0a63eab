/**
 * Quantities of interest of a run, a row for each step, as the tables of published codes have them.
 *
 * @module
 */

import type { AngularReading } from "./angular_reading.ts";
import { type Faces, facesAround, openSides } from "./boundary_flow.ts";
import { areaOf, type CartesianGrid, layoutOf } from "./grid.ts";
import type { Setup } from "./problem.ts";

/** Windows of time over which probes are integrated. */
export const WINDOWS = 10;

/** What is known after a step. */
export interface Observation {
  /** φ by cell. */
  readonly flux: Float64Array;
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
  readonly #reading: AngularReading | undefined;
  readonly #sides: readonly Faces[];
  readonly #perimeters: readonly (readonly Faces[])[];
  readonly #probes: readonly Int32Array[];
  readonly #peak: number;
  #flux: Float64Array;

  /**
   * Begins at the start of a problem.
   *
   * @param reading Of the ψ that is observed; absent: only what φ tells is told.
   * @param legacy Whether the largest absorption is that of a cell, as in published code, and not a
   *   density.
   * @param before Rows and windows of a run that goes on, and its φ.
   */
  constructor(
    setup: Setup,
    reading?: AngularReading,
    legacy = false,
    before: Pick<Quantities, "rows" | "windows"> & { flux?: Float64Array } = {
      rows: [],
      windows: setup.probes.map(() => new Array(WINDOWS).fill(0)),
    },
  ) {
    const { grid, perimeters, probes } = setup;
    this.#setup = setup;
    this.#reading = reading;
    this.columns = columnsOf(setup, reading);
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
  observe({ flux, dt, time }: Observation): void {
    const area = areaOf(this.#setup.grid);
    const { absorption, regions } = this.#setup;
    const mass = area * flux.reduce((sum, phi) => sum + phi, 0);
    const rms = Math.sqrt(flux.reduce((sum, phi, k) => sum + (phi - this.#flux[k]!) ** 2, 0));
    const absorbed = (cells?: Float64Array): number =>
      area * flux.reduce((sum, phi, k) => sum + phi * absorption[k]! * (cells?.[k] ?? 1), 0);
    const peak = flux.reduce((most, phi, k) => Math.max(most, phi * absorption[k]!), 0);
    const row = [this.rows.length, mass, rms];
    row.push(...this.#leaving(this.#sides, dt, row.length, this.#reading?.directions));
    row.push(...this.#summed(absorbed(), dt, row.length), this.#peak * peak);
    for (const faces of this.#perimeters) row.push(...this.#leaving(faces, dt, row.length));
    for (const { cells } of regions) row.push(this.#before(row.length) + dt * absorbed(cells));
    row.push(...this.#probed(dt, time));
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

  #leaving(faces: readonly Faces[], dt: number, at: number, most = false): number[] {
    if (!this.#reading) return [];
    const { outflow, largest } = this.#reading.leaving(faces);
    return [...this.#summed(outflow, dt, at), ...(most ? [largest] : [])];
  }

  #probed(dt: number, time: number): number[] {
    const reading = this.#reading;
    if (!reading) return [];
    const tenth = this.#setup.time / WINDOWS;
    const window = Math.min(WINDOWS - 1, Math.max(0, Math.ceil(time / tenth - 1e-9) - 1));
    return this.#probes.flatMap((cells, p) => {
      const moments = reading.moments(cells);
      this.windows[p]![window]! += dt * moments[0];
      return moments;
    });
  }
}

function columnsOf({ perimeters, regions, probes }: Setup, reading?: AngularReading): string[] {
  const outflow = (of: string): string[] => [`Cur_outflow${of}`, `Total_outflow${of}`];
  const onlyWith = (names: string[]): string[] => reading ? names : [];
  return [
    ...["Iter", "Mass", "RMS_flux"],
    ...onlyWith([...outflow(""), ...(reading?.directions ? ["Max_outflow"] : [])]),
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
