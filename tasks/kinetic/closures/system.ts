/**
 * Systems of moments: functions of direction m = (m₀, m_#), of which m₀ is constant, at the
 * directions of a rule.
 *
 * @module
 */

import { checkInteger, matrixOf } from "../../../core/mod.ts";
import { harmonicsAt, legendreAt } from "../moments.ts";
import type { Ordinates } from "../ordinates.ts";

/** Functions by name: products of components of Ω, or orthonormal harmonics. */
export type MomentFunctions = "monomials" | "harmonics";

/** All of their names. */
export const MOMENT_FUNCTIONS: readonly MomentFunctions[] = ["monomials", "harmonics"];

/** What decides a system. */
export interface MomentChoice {
  /** 1 for slabs, 2 for the plane. */
  readonly dimension: 1 | 2;
  /** N of M_N. */
  readonly degree: number;
  /** Which functions span it. */
  readonly functions: MomentFunctions;
}

/** Functions at directions. */
export interface MomentSystem extends MomentChoice {
  /** The directions. */
  readonly ordinates: Ordinates;
  /** How many functions there are, m₀ included. */
  readonly count: number;
  /** Degree of each function. */
  readonly degrees: Int32Array;
  /** m_k(Ω_q), functions × directions, row after row. */
  readonly values: Float64Array;
  /** m₀. */
  readonly constant: number;
}

/**
 * All functions up to a degree: in a slab 1, μ, μ² … or Legendre polynomials; in the plane
 * Ωₓ^(d−a) Ω_y^a by degree d and then a, or the harmonics that are even in z.
 *
 * @throws {RangeError} When the degree is no positive integer.
 */
export function momentSystem(choice: MomentChoice, ordinates: Ordinates): MomentSystem {
  const { dimension, degree, functions } = choice;
  checkInteger("make moments", "the degree", degree);
  const { data, rows } = functions === "monomials"
    ? monomialsAt(dimension, degree, ordinates)
    : dimension === 1
    ? legendreAt(degree, ordinates.x)
    : harmonicsAt(degree, ordinates);
  const degrees = Int32Array.from(
    Array.from({ length: degree + 1 }, (_, d) => new Array(dimension === 1 ? 1 : d + 1).fill(d))
      .flat(),
  );
  return {
    ...{ dimension, degree, functions },
    ordinates,
    count: rows,
    degrees,
    values: data,
    constant: data[0]!,
  };
}

function monomialsAt(dimension: 1 | 2, degree: number, { x, y }: Ordinates) {
  const powers: [number, number][] = [];
  for (let d = 0; d <= degree; d++) {
    for (let a = 0; a <= (dimension === 1 ? 0 : d); a++) powers.push([d - a, a]);
  }
  return matrixOf(powers.length, x.length, (row, q) => {
    const [a, b] = powers[row]!;
    return x[q]! ** a * y[q]! ** b;
  });
}

/** ⟨m f⟩ for f at the directions. */
export function momentsOf(system: MomentSystem, f: ArrayLike<number>): Float64Array {
  const { count, values, ordinates: { weights } } = system;
  const directions = weights.length;
  return Float64Array.from({ length: count }, (_, k) => {
    let sum = 0;
    for (let q = 0; q < directions; q++) sum += weights[q]! * f[q]! * values[k * directions + q]!;
    return sum;
  });
}
