/**
 * What a thread does for cells that are closed by an input-convex network, on memory that threads
 * share: moments turned onto the axis, gradients, multipliers turned back, and their c α₀.
 *
 * @module
 */

import type { Jobs } from "../../../core/wasm/mod.ts";
import { ConvexKernel, type ConvexLayer } from "./convex_kernel.ts";
import { type Multipliers, setOffsets } from "./closure.ts";
import type { Densities } from "./densities.ts";
import { densitiesOf } from "./fastest_densities.ts";
import { Turning } from "./turning.ts";
import type { MomentSystem } from "./system.ts";

/** What a thread needs to know. */
export interface NetworkSetting {
  readonly system: MomentSystem;
  readonly layers: readonly ConvexLayer[];
  /** Whether moments are turned onto the axis. */
  readonly rotated: boolean;
  /** Multipliers are cut to this. */
  readonly largest: number;
  readonly cells: number;
  /** {@linkcode bytesOf} of it. */
  readonly buffer: SharedArrayBuffer;
}

/** Bytes that cells need. */
export function bytesOf({ count }: MomentSystem, cells: number): number {
  return 8 * cells * (2 * (count - 1) + 1);
}

/** Cells that are closed at once. */
const TOGETHER = 64;

/** Cells with what is known of them. */
export class NetworkCells implements Multipliers {
  /** How many. */
  readonly cells: number;
  /** ū, functions but the first × cells. */
  readonly ratios: Float64Array;
  readonly alpha: Float64Array;
  readonly offset: Float64Array;
  readonly #o: NetworkSetting;
  readonly #size: number;
  readonly #kernel: ConvexKernel;
  readonly #turning: Turning;
  readonly #densities: Densities;
  /** Moments of some cells, forth and back, row after row; and their multipliers. */
  readonly #rows: Float64Array;
  /** The multipliers of some cells, function after function. */
  readonly #some: Multipliers;

  /** Binds the memory. */
  constructor(o: NetworkSetting) {
    const { system, layers, cells, buffer } = o;
    const size = system.count - 1;
    this.cells = cells;
    this.ratios = new Float64Array(buffer, 0, size * cells);
    this.alpha = new Float64Array(buffer, 8 * size * cells, size * cells);
    this.offset = new Float64Array(buffer, 16 * size * cells, cells);
    this.#o = o;
    this.#size = size;
    this.#kernel = new ConvexKernel(size, layers, 2 * TOGETHER);
    this.#turning = new Turning(system);
    this.#densities = densitiesOf(system, TOGETHER);
    this.#rows = new Float64Array(2 * TOGETHER * size);
    this.#some = {
      alpha: new Float64Array(TOGETHER * size),
      offset: new Float64Array(TOGETHER),
    };
  }

  /** Closes the cells from `first` to before `end`. */
  close(first: number, end: number): void {
    for (let from = first; from < end; from += TOGETHER) {
      this.#close(from, Math.min(TOGETHER, end - from));
    }
  }

  #close(first: number, count: number): void {
    const { ratios, cells } = this;
    const rows = this.#rows;
    for (let k = 0; k < this.#size; k++) {
      for (let c = 0; c < count; c++) rows[c * this.#size + k] = ratios[k * cells + first + c]!;
    }
    if (this.#o.rotated) {
      this.#turning.turn(rows, count);
      this.#answer(2 * count);
      this.#turning.undo(rows, count);
    } else this.#answer(count);
    this.#keep(first, count);
  }

  /** The gradients in place of the moments. */
  #answer(count: number): void {
    const { x, gradient, pitch } = this.#kernel;
    const [rows, size] = [this.#rows, this.#size];
    for (let k = 0; k < size; k++) {
      for (let c = 0; c < count; c++) x[k * pitch + c] = rows[c * size + k]!;
    }
    this.#kernel.run(count);
    for (let k = 0; k < size; k++) {
      for (let c = 0; c < count; c++) rows[c * size + k] = gradient[k * pitch + c]!;
    }
  }

  #keep(first: number, count: number): void {
    const { largest, system } = this.#o;
    const { alpha, offset } = this.#some;
    for (let k = 0; k < this.#size; k++) {
      for (let c = 0; c < count; c++) {
        const value = this.#rows[c * this.#size + k]!;
        const cut = Math.min(largest, Math.max(-largest, value));
        alpha[k * TOGETHER + c] = cut;
        this.alpha[k * this.cells + first + c] = cut;
      }
    }
    setOffsets(system, this.#some, this.#densities);
    this.offset.set(offset.subarray(0, count), first);
  }
}

/** What a team can be asked to do. */
export const networkJobs: Jobs<NetworkCells> = {
  close: (cells, [first, end]) => cells.close(first!, end!),
};
