/**
 * The entropy closure by Newton's method, cell after cell from the multipliers of the last step.
 *
 * @module
 */

import { checkNumber } from "../../../core/mod.ts";
import { type Closure, type Multipliers, NotRealisable } from "./closure.ts";
import { FullDual, PartialDual } from "./duals.ts";
import { Minimiser } from "./minimise.ts";
import type { MomentSystem } from "./system.ts";

/** Which multipliers (γ/2)‖α‖² is taken of: none, all but the first, all. */
export const REGULARISATIONS = ["none", "partial", "full"] as const;

/** The entropy closure, to the rounding of float64. */
export class NewtonClosure implements Closure {
  readonly label: string;
  readonly system: MomentSystem;
  readonly gamma: number;
  readonly numbers = 0;
  /** Newton steps over all cells so far. */
  steps = 0;
  readonly #dual: PartialDual;
  readonly #minimiser: Minimiser;
  readonly #alpha: Float64Array;

  /**
   * Makes the closure of a system.
   *
   * @param gamma Weight of the partial regularisation; 0 for none.
   * @throws {RangeError} When γ is negative.
   */
  constructor(system: MomentSystem, gamma: number) {
    this.gamma = checkNumber("close moments", "γ", gamma, { least: 0 });
    this.system = system;
    this.label = "Newton";
    this.#dual = new PartialDual(system, gamma);
    this.#minimiser = new Minimiser(system.count - 1);
    this.#alpha = new Float64Array(system.count - 1);
  }

  close(ratios: Float64Array, { alpha, offset }: Multipliers): void {
    const cells = offset.length;
    const { size, target } = this.#dual;
    for (let c = 0; c < cells; c++) {
      for (let k = 0; k < size; k++) {
        target[k] = ratios[k * cells + c]!;
        this.#alpha[k] = alpha[k * cells + c]!;
      }
      const steps = this.#solve();
      if (steps < 0) throw new NotRealisable(c, [...target]);
      this.steps += steps;
      for (let k = 0; k < size; k++) alpha[k * cells + c] = this.#alpha[k]!;
      offset[c] = this.#dual.offset;
    }
  }

  /** From where the last step was, or else from the isotropic f. */
  #solve(): number {
    const steps = this.#minimiser.minimise(this.#dual, this.#alpha);
    if (steps >= 0) return steps;
    return this.#minimiser.minimise(this.#dual, this.#alpha.fill(0));
  }
}

/** The multipliers of one f. */
export interface Solved {
  /** (α₀, α_#). */
  readonly alpha: Float64Array;
  /** The largest value of the dual that is maximised: the entropy. */
  readonly entropy: number;
}

/**
 * The multipliers of given moments.
 *
 * @param moments (u₀, u_#), u₀ > 0.
 * @param regularisation With "none" and "partial", for a mass of one: u₀ only divides.
 * @throws {NotRealisable} When there are none.
 */
export function solveMoments(
  system: MomentSystem,
  moments: ArrayLike<number>,
  regularisation: typeof REGULARISATIONS[number],
  gamma = 0,
): Solved {
  checkNumber("close moments", "u₀", moments[0]!, { above: 0 });
  checkNumber("close moments", "γ", gamma, { least: 0 });
  if (regularisation === "full") return solveFully(system, moments, gamma);
  const dual = new PartialDual(system, regularisation === "none" ? 0 : gamma);
  dual.target.forEach((_, k, target) => target[k] = moments[k + 1]! / moments[0]!);
  const alpha = new Float64Array(dual.size);
  if (new Minimiser(dual.size).minimise(dual, alpha) < 0) {
    throw new NotRealisable(0, [...dual.target], "the one cell");
  }
  const first = dual.offset / system.constant;
  const entropy = first - 1 / system.constant + alpha.reduce(
    (sum, a, k) => sum + a * (dual.target[k]! - dual.gamma / 2 * a),
    0,
  );
  return { alpha: Float64Array.of(first, ...alpha), entropy };
}

function solveFully(system: MomentSystem, moments: ArrayLike<number>, gamma: number): Solved {
  const dual = new FullDual(system, gamma);
  dual.target.set(Array.from(moments).slice(0, dual.size));
  const alpha = new Float64Array(dual.size);
  if (new Minimiser(dual.size).minimise(dual, alpha) < 0) {
    throw new NotRealisable(0, [...dual.target].slice(1).map((v) => v / moments[0]!), "the cell");
  }
  return { alpha, entropy: -dual.at(alpha) };
}

/** Whether some f > 0 at the directions has these moments: whether the dual has a maximum. */
export function isRealisable(system: MomentSystem, moments: ArrayLike<number>): boolean {
  if (!(moments[0]! > 0)) return false;
  try {
    solveMoments(system, moments, "none");
    return true;
  } catch (error) {
    if (error instanceof NotRealisable) return false;
    throw error;
  }
}
