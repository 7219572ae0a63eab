/**
 * Duals of the entropy problem: the smallest entropy ⟨f ln f − f⟩ of all f ≥ 0 with given moments
 * (Maxwell-Boltzmann), whose minimiser is exp(α·m).
 *
 * @module
 */

import type { ConvexFunction } from "./minimise.ts";
import type { MomentSystem } from "./system.ts";

/** Functions from one on, directions × functions, so that those of a direction lie together. */
function byDirection({ count, values, ordinates: { weights } }: MomentSystem, from: number) {
  const size = count - from;
  return Float64Array.from(
    { length: size * weights.length },
    (_, k) => values[(k % size + from) * weights.length + Math.floor(k / size)]!,
  );
}

/** What both duals have in common: densities at directions, their means and covariances. */
abstract class Dual implements ConvexFunction {
  readonly size: number;
  readonly gradient: Float64Array;
  /** γ. */
  readonly gamma: number;
  /** The moments that are wanted. */
  readonly target: Float64Array;
  protected readonly rows: Float64Array;
  protected readonly weights: Float64Array;
  /** w exp(α·m), up to a factor. */
  protected readonly density: Float64Array;

  constructor(system: MomentSystem, gamma: number, from: 0 | 1) {
    this.size = system.count - from;
    this.gamma = gamma;
    this.rows = byDirection(system, from);
    this.weights = system.ordinates.weights;
    this.gradient = new Float64Array(this.size);
    this.target = new Float64Array(this.size);
    this.density = new Float64Array(this.weights.length);
  }

  abstract at(alpha: Float64Array): number;
  abstract hessian(into: Float64Array): void;

  /** Exponents into the place of densities; the largest of them. */
  protected exponents(alpha: Float64Array): number {
    const { rows, density, size } = this;
    let most = -Infinity;
    for (let q = 0, at = 0; q < density.length; q++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += alpha[k]! * rows[at++]!;
      density[q] = sum;
      if (sum > most) most = sum;
    }
    return most;
  }

  /** Densities over e^shift, and Σ density m into the place of the gradient; their sum. */
  protected densities(shift: number): number {
    const { rows, density, weights, gradient, size } = this;
    gradient.fill(0);
    let total = 0;
    for (let q = 0, at = 0; q < density.length; q++) {
      const value = weights[q]! * Math.exp(density[q]! - shift);
      density[q] = value;
      total += value;
      for (let k = 0; k < size; k++) gradient[k]! += value * rows[at++]!;
    }
    return total;
  }

  /** Σ density mᵢ mⱼ / by, the lower triangle. */
  protected products(into: Float64Array, by: number): void {
    const { rows, density, size } = this;
    into.fill(0);
    for (let q = 0; q < density.length; q++) {
      const at = q * size;
      for (let i = 0; i < size; i++) {
        const value = density[q]! / by * rows[at + i]!;
        for (let j = 0; j <= i; j++) into[i * size + j]! += value * rows[at + j]!;
      }
    }
  }

  /** Adds (γ/2)‖α‖² − α·target to a value, and its derivative to the gradient. */
  protected regularised(value: number, alpha: Float64Array): number {
    let sum = value;
    for (let k = 0; k < this.size; k++) {
      sum += alpha[k]! * (this.gamma / 2 * alpha[k]! - this.target[k]!);
      this.gradient[k]! += this.gamma * alpha[k]! - this.target[k]!;
    }
    return sum;
  }
}

/**
 * The partially regularised dual for moments of a mass of one, ū = u_#/u₀, with c = m₀:
 *
 *   D(α_#) = (1/c) ln⟨exp(α_#·m_#)⟩ − α_#·ū + (γ/2)‖α_#‖².
 *
 * For γ = 0 it has a minimum where ū are the moments of some f > 0; for γ > 0 always.
 */
export class PartialDual extends Dual {
  readonly #constant: number;
  /** E[m_#] / c. */
  readonly #means: Float64Array;
  #total = 0;
  #shift = 0;

  /** Makes the dual of a system. */
  constructor(system: MomentSystem, gamma: number) {
    super(system, gamma, 1);
    this.#constant = system.constant;
    this.#means = new Float64Array(this.size);
  }

  at(alpha: Float64Array): number {
    this.#shift = this.exponents(alpha);
    this.#total = this.densities(this.#shift);
    for (let k = 0; k < this.size; k++) this.gradient[k]! /= this.#total * this.#constant;
    this.#means.set(this.gradient);
    const value = (this.#shift + Math.log(this.#total)) / this.#constant;
    return this.regularised(value, alpha);
  }

  hessian(into: Float64Array): void {
    const { size } = this;
    const mean = this.#means;
    this.products(into, this.#total * this.#constant);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) into[i * size + j]! -= this.#constant * mean[i]! * mean[j]!;
      into[i * size + i]! += this.gamma;
    }
  }

  /** c α₀ = −ln(c ⟨exp(α_#·m_#)⟩) at the last point. */
  get offset(): number {
    return -Math.log(this.#constant) - this.#shift - Math.log(this.#total);
  }
}

/** The dual with all multipliers regularised: ⟨exp(α·m)⟩ − α·u + (γ/2)‖α‖². */
export class FullDual extends Dual {
  /** Makes the dual of a system. */
  constructor(system: MomentSystem, gamma: number) {
    super(system, gamma, 0);
  }

  at(alpha: Float64Array): number {
    this.exponents(alpha);
    return this.regularised(this.densities(0), alpha);
  }

  hessian(into: Float64Array): void {
    this.products(into, 1);
    for (let k = 0; k < this.size; k++) into[k * this.size + k]! += this.gamma;
  }
}
