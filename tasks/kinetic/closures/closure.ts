/**
 * Closures: from the moments of each cell to the multipliers of its f, for a mass of one.
 *
 *   f = u₀ exp(c α₀ + α_#·m_# − (γ/2) c ‖α_#‖²),  c = m₀,  c α₀ = −ln(c ⟨exp(α_#·m_#)⟩).
 *
 * With all multipliers regularised, (γ/2)(α₀² + ‖α_#‖²), the derivative of u₀ h(ū) + (u₀ ln u₀)/c has
 * the first entry α₀ + γ α₀/c − (γ/2)(α₀² + ‖α_#‖²) + (ln u₀)/c: the same f with the offset
 * (c + γ) α₀ − (γ/2) c α₀² in place of c α₀. Both keep c ⟨f⟩ ≤ u₀, since (1 − x) eˣ ≤ 1 for x = γ α₀,
 * so that steps of positive f keep u₀ > 0.
 *
 * @module
 */

import { type Densities, setMultipliers } from "./densities.ts";
import type { MomentSystem } from "./system.ts";

/** Multipliers of many cells, cell by cell within each function. */
export interface Multipliers {
  /** α_#, functions but the first × cells. */
  readonly alpha: Float64Array;
  /** c α₀ by cell, or what has its place where α₀ is regularised too. */
  readonly offset: Float64Array;
}

/** A way from moments to multipliers. */
export interface Closure {
  /** For people. */
  readonly label: string;
  /** What it is for. */
  readonly system: MomentSystem;
  /** γ. */
  readonly gamma: number;
  /** Numbers that it holds beside those of cells. */
  readonly numbers: number;
  /**
   * Closes cells.
   *
   * @param ratios ū = u_#/u₀, functions but the first × cells.
   * @param found Where multipliers go; what is there may be where a search starts.
   * @throws {NotRealisable} When a cell has no multipliers.
   */
  close(ratios: Float64Array, found: Multipliers): void | Promise<void>;
  /** Ends threads, where there are any. */
  [Symbol.dispose]?(): void;
}

/** Moments of a cell that no positive f has. */
export class NotRealisable extends RangeError {
  /** Number of the cell. */
  readonly cell: number;

  /** Tells cell and moments; `where` is the place in words. */
  constructor(cell: number, ratios: readonly number[], where = `cell ${cell}`) {
    const told = ratios.map((value) => String(Number(value.toPrecision(6)))).join(", ");
    super(
      `Cannot close the moments of ${where}: expected moments of some f > 0, got ` +
        `(${told}) times the first one; take a regularisation γ > 0, or a smaller step`,
    );
    this.cell = cell;
  }
}

/** Sets c α₀ of all cells from their α_#; exponents must not overflow. */
export function setOffsets(
  { constant }: MomentSystem,
  { alpha, offset }: Multipliers,
  densities: Densities,
): void {
  setMultipliers(densities, alpha);
  densities.mass();
  densities.result.forEach((mass, c) => offset[c] = -Math.log(constant * mass));
}

/**
 * ū + what γ takes: E_p[m_#]/c + γ α_#, the moments whose multipliers are exact.
 *
 * @param alpha One cell's α_#.
 */
export function momentsAt(system: MomentSystem, gamma: number, alpha: Float64Array): Float64Array {
  const { count, constant, values, ordinates: { weights } } = system;
  const directions = weights.length;
  const exponents = Float64Array.from({ length: directions }, (_, q) => {
    let sum = 0;
    for (let k = 1; k < count; k++) sum += alpha[k - 1]! * values[k * directions + q]!;
    return sum;
  });
  const most = exponents.reduce((a, b) => Math.max(a, b), -Infinity);
  const density = exponents.map((e, q) => weights[q]! * Math.exp(e - most));
  const total = density.reduce((a, b) => a + b, 0);
  return Float64Array.from({ length: count - 1 }, (_, k) => {
    let sum = 0;
    for (let q = 0; q < directions; q++) sum += density[q]! * values[(k + 1) * directions + q]!;
    return sum / total / constant + gamma * alpha[k]!;
  });
}

/** h^γ(ū) = α₀ + α_#·ū − 1/c − (γ/2)‖α_#‖². */
export function entropyAt(
  { constant }: MomentSystem,
  gamma: number,
  { ratios, alpha, offset }: {
    readonly ratios: Float64Array;
    readonly alpha: Float64Array;
    readonly offset: number;
  },
): number {
  return alpha.reduce(
    (sum, a, k) => sum + a * (ratios[k]! - gamma / 2 * a),
    (offset - 1) / constant,
  );
}
