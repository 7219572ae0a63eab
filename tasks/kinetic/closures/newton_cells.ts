/**
 * What a thread does for cells that are closed by Newton's method, each from the multipliers of its
 * last step, on memory that threads share.
 *
 * @module
 */

import type { Jobs } from "../../../core/wasm/mod.ts";
import { FullDual, PartialDual } from "./duals.ts";
import { Minimiser } from "./minimise.ts";
import type { MomentSystem } from "./system.ts";

/** What a thread needs to know. */
export interface NewtonSetting {
  readonly system: MomentSystem;
  readonly gamma: number;
  /** Whether the first multiplier is regularised, too. */
  readonly full: boolean;
  readonly cells: number;
  /** {@linkcode bytesOf} of it. */
  readonly buffer: SharedArrayBuffer;
}

/** Bytes that cells need. */
export function bytesOf({ count }: MomentSystem, cells: number): number {
  return cells * (8 * (2 * (count - 1) + 1) + 4);
}

/** Cells with what is known of them. */
export class NewtonCells {
  /** How many. */
  readonly cells: number;
  /** ū, functions but the first × cells. */
  readonly ratios: Float64Array;
  /** α_#, of the same shape. */
  readonly alpha: Float64Array;
  /** By cell, see `Multipliers`. */
  readonly offset: Float64Array;
  /** Newton steps by cell, −1 where there are no multipliers. */
  readonly steps: Int32Array;
  readonly #dual: PartialDual | FullDual;
  readonly #minimiser: Minimiser;
  /** The multipliers of one cell, all that the dual has. */
  readonly #x: Float64Array;
  readonly #system: MomentSystem;

  /** Binds the memory. */
  constructor({ system, gamma, full, cells, buffer }: NewtonSetting) {
    const size = (system.count - 1) * cells;
    this.cells = cells;
    this.ratios = new Float64Array(buffer, 0, size);
    this.alpha = new Float64Array(buffer, 8 * size, size);
    this.offset = new Float64Array(buffer, 16 * size, cells);
    this.steps = new Int32Array(buffer, 16 * size + 8 * cells, cells);
    this.#system = system;
    this.#dual = full ? new FullDual(system, gamma) : new PartialDual(system, gamma);
    this.#minimiser = new Minimiser(this.#dual.size);
    this.#x = new Float64Array(this.#dual.size);
  }

  /** Closes the cells from `first` to before `end`. */
  solve(first: number, end: number): void {
    const from = this.#system.count - 1;
    const x = this.#x;
    const { size, target } = this.#dual;
    const others = size - from;
    for (let c = first; c < end; c++) {
      if (others === 1) {
        target[0] = 1;
        x[0] = this.#firstOf(this.offset[c]!);
      }
      for (let k = 0; k < from; k++) {
        target[k + others] = this.ratios[k * this.cells + c]!;
        x[k + others] = this.alpha[k * this.cells + c]!;
      }
      this.steps[c] = this.#minimum();
      for (let k = 0; k < from; k++) this.alpha[k * this.cells + c] = x[k + others]!;
      this.offset[c] = this.#offset();
    }
  }

  /** From where the last step was, or else from the isotropic f. */
  #minimum(): number {
    const steps = this.#minimiser.minimise(this.#dual, this.#x);
    return steps >= 0 ? steps : this.#minimiser.minimise(this.#dual, this.#x.fill(0));
  }

  #offset(): number {
    if (this.#dual instanceof PartialDual) return this.#dual.offset;
    const { constant } = this.#system;
    const { gamma } = this.#dual;
    const first = this.#x[0]!;
    return (constant + gamma) * first - gamma / 2 * constant * first * first;
  }

  /** α₀ from its offset: the smaller root, since γ α₀ = 1 − c ⟨f⟩ is below 1. */
  #firstOf(offset: number): number {
    const { constant } = this.#system;
    const { gamma } = this.#dual;
    const sum = constant + gamma;
    return 2 * offset / (sum + Math.sqrt(Math.max(0, sum * sum - 2 * gamma * constant * offset)));
  }
}

/** What a team can be asked to do. */
export const newtonJobs: Jobs<NewtonCells> = {
  solve: (cells, [first, end]) => cells.solve(first!, end!),
};
