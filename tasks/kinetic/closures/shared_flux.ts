/**
 * The kinetic flux of first order on a memory that threads share.
 *
 * @module
 */

import type { Setup } from "../problem.ts";
import { memoryOf, simdSweep } from "../simd_kernel.ts";
import type { FaceScheme } from "../kernel.ts";
import { sharingOf, SweepTeam } from "../sweep_team.ts";
import { type KineticFlux, PlainFlux, type SideRates } from "./kinetic_flux.ts";
import {
  BYTES,
  placesOf,
  ROWS,
  streamBinary,
  type StreamModule,
  type StreamPlaces,
  writeTables,
} from "./simd_flux.ts";
import { streamJobs, StreamRows } from "./stream_rows.ts";
import type { MomentSystem } from "./system.ts";

/** The fastest that works here. */
export function fluxOf(
  setup: Setup,
  system: MomentSystem,
  scheme: Pick<FaceScheme, "order" | "limiter">,
  threads: number,
): KineticFlux {
  return scheme.order === 1 && simdSweep.available()
    ? new SharedFlux(setup, system, threads)
    : new PlainFlux(setup, system, scheme);
}

/** Two cells at a time, rows shared; no number depends on how many threads there are. */
export class SharedFlux implements KineticFlux {
  readonly #setup: Setup;
  readonly #system: MomentSystem;
  readonly #places: StreamPlaces;
  readonly #numbers: Float64Array;
  readonly #team: SweepTeam<StreamRows>;

  /**
   * Makes room for the rows of a problem.
   *
   * @throws {RangeError} When a side reflects and a direction has no mirror image, or the memory is
   *   larger than one of WebAssembly can be.
   */
  constructor(setup: Setup, system: MomentSystem, threads: number) {
    const { grid, sides } = setup;
    const { ordinates } = system;
    const places = placesOf(grid, system, sharingOf(grid.ny, threads).pieces);
    const shared = threads > 1;
    const memory = memoryOf(places.end, shared);
    writeTables(grid, system, places, memory.buffer);
    const binary = streamBinary(grid, system, places, shared);
    const module: StreamModule = { memory, binary, grid, sides, ordinates, places };
    const others = {
      module: new URL("./stream_member.ts", import.meta.url),
      setting: () => module,
    };
    this.#setup = setup;
    this.#system = system;
    this.#places = places;
    this.#numbers = new Float64Array(memory.buffer);
    const team = { jobs: streamJobs, member: new StreamRows(module), others };
    this.#team = new SweepTeam(team, grid.ny, threads);
  }

  /** Numbers that it holds, those of other threads' rows left out. */
  get numbers(): number {
    return (this.#places.rings + ROWS * this.#places.slot) / BYTES;
  }

  stream(alpha: Float64Array, scale: Float64Array, dt: number, into: Float64Array): SideRates {
    const { count } = this.#system;
    const places = this.#places;
    for (let k = 0; k < count - 1; k++) this.#set(places.alpha, k, alpha);
    this.#set(places.scale, 0, scale);
    this.#team.run("stream", (first, rows, piece) => [first, rows, piece]);
    for (let k = 0; k < count; k++) this.#subtract(k, dt, into);
    const rates: SideRates = { outflow: 0, inflow: 0 };
    const at = places.rates / BYTES;
    for (let j = 0; j < this.#setup.grid.ny; j++) {
      rates.outflow += this.#numbers[at + 2 * j]!;
      rates.inflow += this.#numbers[at + 2 * j + 1]!;
    }
    return rates;
  }

  /** Field `k` of an array from the cells of it. */
  #set(array: number, k: number, from: Float64Array): void {
    const { nx, ny } = this.#setup.grid;
    const start = k * nx * ny;
    for (let j = 0; j < ny; j++) {
      const row = from.subarray(start + j * nx, start + (j + 1) * nx);
      this.#numbers.set(row, array / BYTES + (k * ny + j) * this.#places.pitch);
    }
  }

  #subtract(k: number, dt: number, into: Float64Array): void {
    const { nx, ny } = this.#setup.grid;
    for (let j = 0; j < ny; j++) {
      const [from, to] = [
        this.#places.result / BYTES + (k * ny + j) * this.#places.pitch,
        (k * ny + j) * nx,
      ];
      for (let i = 0; i < nx; i++) into[to + i]! -= dt * this.#numbers[from + i]!;
    }
  }

  close(): void {
    this.#team.close();
  }
}
