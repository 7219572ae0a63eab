/**
 * The full solver in moments, P_N, of first order in space.
 *
 * @module
 */

import { type Algebra, type Matrix, matrixOf } from "../../core/mod.ts";
import type { AngularBasis } from "./angular_basis.ts";
import { coordinateRates, CoordinateReading } from "./coordinate_reading.ts";
import type { Setup } from "./problem.ts";
import { type SeparableTransport, separableTransport, wholeField } from "./separable_transport.ts";
import { addBalance, type Balance, emptyBalance, largestAttenuation } from "./solver.ts";
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
  /** What depends on direction. */
  readonly reading: CoordinateReading;
  readonly #rates: () => Balance;
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
    this.reading = new CoordinateReading(a, setup.grid, basis, () => this.y);
    this.#rates = coordinateRates(setup, basis, this.reading);
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

  /** Advances by the step of number `n`, from 0, and tells its balance. */
  step(n: number): Balance {
    const dt = this.steps.lengthOf(n);
    const a = this.#algebra;
    const before = this.y;
    const balance = emptyBalance();
    const share = this.#time === "euler" ? 1 : 0.5;
    const stage = (): Matrix => {
      addBalance(balance, this.#rates(), share * dt);
      return a.lincomb(1, this.y, dt, wholeField(a, this.#transport, this.y));
    };
    this.y = stage();
    if (this.#time === "heun") this.y = a.lincomb(0.5, before, 0.5, stage());
    return balance;
  }
}
