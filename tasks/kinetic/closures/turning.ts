/**
 * Rows of moments turned onto the axis for a network, and its multipliers turned back:
 * α_# = ½ Rᵀ (N(R ū) + P N(P R ū)), P the rotation by π.
 *
 * @module
 */

import { Turner } from "./rotation.ts";
import type { MomentSystem } from "./system.ts";

/** Turns rows forth and back. */
export class Turning {
  readonly #turner: Turner;
  readonly #size: number;
  /** The moments that were turned. */
  #rows = new Float64Array(0);

  /** Makes one for a system. */
  constructor(system: MomentSystem) {
    this.#turner = new Turner(system);
    this.#size = system.count - 1;
  }

  /**
   * R ū in the place of the first `count` rows, and P R ū in as many after them.
   *
   * @param rows Room for twice as many.
   */
  turn(rows: Float64Array, count: number): void {
    const [size, length] = [this.#size, count * this.#size];
    const { parity } = this.#turner;
    if (this.#rows.length < length) this.#rows = new Float64Array(length);
    this.#rows.set(rows.subarray(0, length));
    for (let from = 0; from < length; from += size) {
      this.#turner.align(this.#rows, from);
      this.#turner.turn(this.#rows, from, rows);
      for (let k = 0; k < size; k++) rows[length + from + k] = parity[k]! * rows[from + k]!;
    }
  }

  /** Multipliers in the place of what a network says of the rows that were last turned. */
  undo(rows: Float64Array, count: number): void {
    const [size, length] = [this.#size, count * this.#size];
    const { parity } = this.#turner;
    for (let from = 0; from < length; from += size) {
      for (let k = 0; k < size; k++) {
        rows[from + k] = 0.5 * (rows[from + k]! + parity[k]! * rows[length + from + k]!);
      }
      this.#turner.align(this.#rows, from);
      this.#turner.undoDual(rows, from);
    }
  }
}
