/**
 * The entropy closure by Newton's method, cell after cell from the multipliers of the last step.
 *
 * @module
 */

import { checkNumber } from "../../../core/mod.ts";
import { SweepTeam } from "../sweep_team.ts";
import { type Closure, type Multipliers, NotRealisable } from "./closure.ts";
import { FullDual, PartialDual } from "./duals.ts";
import { Minimiser } from "./minimise.ts";
import { bytesOf, NewtonCells, newtonJobs } from "./newton_cells.ts";
import type { MomentSystem } from "./system.ts";

/** Which multipliers (γ/2)‖α‖² is taken of: none, all but the first, all. */
export const REGULARISATIONS = ["none", "partial", "full"] as const;

/** One of them. */
export type Regularisation = typeof REGULARISATIONS[number];

/** How a {@linkcode NewtonClosure} works, beside γ. */
export interface NewtonOptions {
  /** Default "partial", which without γ is none. */
  readonly regularisation?: Regularisation;
  /** Most threads that share the cells, default 1. No number depends on it. */
  readonly threads?: number;
}

/** Cells that threads share at once, as a row of a team. */
const TOGETHER = 8;

/** The entropy closure, to the rounding of float64. */
export class NewtonClosure implements Closure {
  readonly label: string;
  readonly system: MomentSystem;
  readonly gamma: number;
  readonly numbers = 0;
  /** Newton steps over all cells so far. */
  steps = 0;
  readonly #regularisation: Regularisation;
  readonly #threads: number;
  #shared: { readonly own: NewtonCells; readonly team: SweepTeam<NewtonCells> } | undefined;

  /**
   * Makes the closure of a system.
   *
   * @param gamma Weight of the regularisation; 0 for none.
   * @throws {RangeError} When γ is negative, or does not suit the regularisation.
   */
  constructor(system: MomentSystem, gamma: number, options: NewtonOptions = {}) {
    const { regularisation = "partial", threads = 1 } = options;
    this.gamma = checkNumber("close moments", "γ", gamma, { least: 0 });
    if ((regularisation === "none" && gamma > 0) || (regularisation === "full" && gamma === 0)) {
      const expected = gamma > 0 ? "γ = 0" : "γ > 0";
      throw new RangeError(
        `Cannot close moments with the regularisation "${regularisation}": expected ${expected}, ` +
          `got ${gamma}`,
      );
    }
    this.system = system;
    this.label = regularisation === "full" ? "Newton, full" : "Newton";
    this.#regularisation = regularisation;
    this.#threads = threads;
  }

  close(ratios: Float64Array, { alpha, offset }: Multipliers): void {
    const cells = offset.length;
    if (this.#shared?.own.cells !== cells) this.#open(cells);
    const { own, team } = this.#shared!;
    own.ratios.set(ratios);
    own.alpha.set(alpha);
    own.offset.set(offset);
    team.run("solve", (first, rows) => [
      first * TOGETHER,
      Math.min(cells, (first + rows) * TOGETHER),
    ]);
    const failed = own.steps.indexOf(-1);
    if (failed >= 0) {
      const { length } = alpha;
      const target = Array.from({ length: length / cells }, (_, k) => ratios[k * cells + failed]!);
      throw new NotRealisable(failed, target);
    }
    this.steps += own.steps.reduce((a, b) => a + b, 0);
    alpha.set(own.alpha);
    offset.set(own.offset);
  }

  #open(cells: number): void {
    this[Symbol.dispose]();
    const { system, gamma } = this;
    const setting = {
      ...{ system, gamma, full: this.#regularisation === "full", cells },
      buffer: new SharedArrayBuffer(bytesOf(system, cells)),
    };
    const others = {
      module: new URL("./newton_member.ts", import.meta.url),
      setting: () => setting,
    };
    const own = new NewtonCells(setting);
    const rows = Math.ceil(cells / TOGETHER);
    const team = new SweepTeam({ jobs: newtonJobs, member: own, others }, rows, this.#threads);
    this.#shared = { own, team };
  }

  /** Ends threads; they start again when they are needed. */
  [Symbol.dispose](): void {
    this.#shared?.team.close();
    this.#shared = undefined;
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
  regularisation: Regularisation,
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
