/**
 * f = exp(α·m) of many cells, one direction after the other: what every closure and the kinetic
 * flux spend their time on.
 *
 * @module
 */

import type { MomentSystem } from "./system.ts";

/** Densities of a number of cells; inputs and outputs are arrays of its own. */
export interface Densities {
  /** α_#, functions but the first × cells, {@linkcode Densities.pitch} apart. */
  readonly alpha: Float64Array;
  /** Logarithm of a factor by cell. */
  readonly scale: Float64Array;
  /** What was asked for, by cell. */
  readonly result: Float64Array;
  /** Numbers from one function to the next. */
  readonly pitch: number;
  /** e^scale exp(α_#·m_#(Ω_q)) into the result. */
  density(q: number): void;
  /** Σ_q w_q exp(α_#·m_#(Ω_q)) into the result. */
  mass(): void;
}

/** Copies multipliers in. */
export function setMultipliers({ alpha, pitch }: Densities, from: Float64Array): void {
  const functions = alpha.length / pitch;
  const cells = from.length / functions;
  for (let k = 0; k < functions; k++) {
    alpha.set(from.subarray(k * cells, (k + 1) * cells), k * pitch);
  }
}

/** Plain loops, the reference. */
export class PlainDensities implements Densities {
  readonly alpha: Float64Array;
  readonly scale: Float64Array;
  readonly result: Float64Array;
  readonly pitch: number;
  readonly #system: MomentSystem;
  readonly #exponent: Float64Array;

  /** Makes room for a number of cells. */
  constructor(system: MomentSystem, cells: number) {
    this.#system = system;
    this.pitch = cells;
    this.alpha = new Float64Array((system.count - 1) * cells);
    this.scale = new Float64Array(cells);
    this.result = new Float64Array(cells);
    this.#exponent = new Float64Array(cells);
  }

  density(q: number): void {
    this.#exponent.set(this.scale);
    this.#addExponents(q);
    for (let c = 0; c < this.pitch; c++) this.result[c] = Math.exp(this.#exponent[c]!);
  }

  mass(): void {
    const { weights } = this.#system.ordinates;
    this.result.fill(0);
    for (let q = 0; q < weights.length; q++) {
      this.#exponent.fill(0);
      this.#addExponents(q);
      const weight = weights[q]!;
      for (let c = 0; c < this.pitch; c++) this.result[c]! += weight * Math.exp(this.#exponent[c]!);
    }
  }

  #addExponents(q: number): void {
    const { count, values, ordinates: { weights } } = this.#system;
    for (let k = 1; k < count; k++) {
      const value = values[k * weights.length + q]!;
      const from = (k - 1) * this.pitch;
      for (let c = 0; c < this.pitch; c++) this.#exponent[c]! += value * this.alpha[from + c]!;
    }
  }
}
