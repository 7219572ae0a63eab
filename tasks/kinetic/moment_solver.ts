/**
 * The full solver in moments, P_N, of first order in space.
 *
 * @module
 */

import { type Algebra, type Matrix, matrixOf } from "../../core/mod.ts";
import type { AngularBasis } from "./angular_basis.ts";
import type { Setup } from "./problem.ts";
import { type SeparableTransport, separableTransport, wholeField } from "./separable_transport.ts";
import { largestAttenuation } from "./solver.ts";
import { stepSize, type TimeSteps, timeSteps } from "./step_size.ts";

/** Ways in which it steps in time. */
export type MomentTime = "euler" | "heun";

/** Steps of P_N, or of S_N in the same form, on a problem. */
export class MomentSolver {
  /** The problem. */
  readonly setup: Setup;
  /** Its steps. */
  readonly steps: TimeSteps;
  /** Coordinates by cell, cells × angles. */
  y: Matrix;
  readonly #algebra: Algebra<Matrix>;
  readonly #basis: AngularBasis;
  readonly #transport: SeparableTransport;
  readonly #time: MomentTime;

  /**
   * Makes a solver at the start of a problem.
   *
   * @param cfl Δt / h; default: what is safe.
   * @throws {RangeError} When the step is not stable, or a side reflects and a direction has no mirror image.
   */
  constructor(
    a: Algebra<Matrix>,
    setup: Setup,
    basis: AngularBasis,
    { time = "euler", cfl }: { readonly time?: MomentTime; readonly cfl?: number } = {},
  ) {
    this.#algebra = a;
    this.#basis = basis;
    this.#time = time;
    this.#transport = separableTransport(a, setup, basis);
    this.setup = setup;
    this.steps = timeSteps(
      setup.time,
      stepSize({ grid: setup.grid, attenuation: largestAttenuation(setup), time }, cfl),
    );
    const root = Math.sqrt(basis.total);
    const e = basis.isotropic.data;
    this.y = matrixOf(setup.start.length, basis.size, (k, n) => setup.start[k]! / root * e[n]!);
  }

  /** φ by cell. */
  get flux(): Float64Array {
    return this.#algebra.multiply(this.y, this.#basis.isotropic).data
      .map((v) => v * Math.sqrt(this.#basis.total));
  }

  /** Advances by the step of number `n`, from 0. */
  step(n: number): void {
    const dt = this.steps.lengthOf(n);
    const a = this.#algebra;
    const moved = (y: Matrix): Matrix => a.lincomb(1, y, dt, wholeField(a, this.#transport, y));
    const once = moved(this.y);
    this.y = this.#time === "euler" ? once : a.lincomb(0.5, this.y, 0.5, moved(once));
  }
}
