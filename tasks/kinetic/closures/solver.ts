/**
 * The solver of M_N: moments of the cells, closed by the f of least entropy that has them, or by
 * what stands in for it.
 *
 * @module
 */

import { checkNumber } from "../../../core/mod.ts";
import { areaOf } from "../grid.ts";
import { type Limiter, minmod } from "../limiter.ts";
import type { Setup } from "../problem.ts";
import { addBalance, type Balance, emptyBalance, largestAttenuation } from "../solver.ts";
import { positiveStep, type StepBound, stepSize, type TimeSteps, timeSteps } from "../step_size.ts";
import { type Closure, type Multipliers, NotRealisable } from "./closure.ts";
import type { KineticFlux } from "./kinetic_flux.ts";
import { fluxOf } from "./shared_flux.ts";

/** What decides a run beside problem and closure. */
export interface EntropyOptions {
  /** Order in space; default 1. */
  readonly order?: 1 | 2;
  /** Default "heun" at order 2, "euler" at order 1. */
  readonly time?: "heun" | "euler";
  /** Δt / h; default: nine tenths of the largest step that keeps f ≥ 0, two thirds at order 2. */
  readonly cfl?: number;
  /** What limits slopes at order 2; default minmod, whose face values are 3/2 f at most. */
  readonly limiter?: Limiter;
  /** Least φ at the start, above 0; default 1e-4. */
  readonly floor?: number;
  /** Most threads that share the cells, default 1. No number depends on it. */
  readonly threads?: number;
}

/**
 * The step size: where it is not chosen nine tenths of what keeps f ≥ 0.
 *
 * @throws {RangeError} When moments could leave the realisable ones.
 */
function realisableStep(bound: StepBound, order: 1 | 2, cfl: number | undefined): number {
  const { grid: { hx } } = bound;
  if (cfl === undefined) return stepSize(bound) / (order === 2 ? 1.5 : 1);
  const most = positiveStep(bound) / hx;
  if (cfl > 0 && cfl <= most * (1 + 1e-12)) return cfl * hx;
  throw new RangeError(
    `Cannot step moments with a CFL number of ${cfl}: expected a number > 0 and ≤ ` +
      `${
        most.toPrecision(4)
      }, beyond which they may be those of no f ≥ 0; lower it, or leave it out`,
  );
}

/** Steps of M_N on a problem. */
export class EntropySolver {
  /** The problem. */
  readonly setup: Setup;
  /** Its steps. */
  readonly steps: TimeSteps;
  /** The closure. */
  readonly closure: Closure;
  /** u, functions × cells. */
  readonly moments: Float64Array;
  /** The multipliers of the last stage. */
  readonly multipliers: Multipliers;
  /** Milliseconds that closing has taken so far. */
  closing = 0;
  readonly #flux: KineticFlux;
  readonly #time: "heun" | "euler";
  /** ⟨m⟩. */
  readonly #isotropic: Float64Array;
  readonly #ratios: Float64Array;
  readonly #scale: Float64Array;

  /**
   * Makes a solver at the start of a problem.
   *
   * @throws {RangeError} When the step is not stable, the floor is not above 0, or a side reflects
   *   and a direction has no mirror image.
   */
  constructor(setup: Setup, closure: Closure, options: EntropyOptions = {}) {
    const { order = 1, limiter = minmod, floor = 1e-4, threads = 1 } = options;
    const { time = order === 2 ? "heun" : "euler" } = options;
    checkNumber("solve for moments", "the floor of φ", floor, { above: 0 });
    const { grid, start } = setup;
    const { system } = closure;
    const { count, values, ordinates: { weights, total } } = system;
    const cells = start.length;
    this.setup = setup;
    this.closure = closure;
    this.#time = time;
    const bound = { grid, attenuation: largestAttenuation(setup), time };
    this.steps = timeSteps(setup.time, realisableStep(bound, order, options.cfl));
    this.#flux = fluxOf(setup, system, { order, limiter }, threads);
    this.#isotropic = Float64Array.from({ length: count }, (_, k) => {
      const row = values.subarray(k * weights.length, (k + 1) * weights.length);
      return row.reduce((sum, value, q) => sum + weights[q]! * value, 0);
    });
    this.moments = Float64Array.from({ length: count * cells }, (_, i) => {
      const phi = Math.max(floor, start[i % cells]!);
      return this.#isotropic[Math.floor(i / cells)]! * phi / total;
    });
    this.multipliers = {
      alpha: new Float64Array((count - 1) * cells),
      offset: new Float64Array(cells),
    };
    this.#ratios = new Float64Array((count - 1) * cells);
    this.#scale = new Float64Array(cells);
  }

  /** φ by cell. */
  get flux(): Float64Array {
    const { constant } = this.closure.system;
    return this.moments.slice(0, this.setup.start.length).map((u) => u / constant);
  }

  /** Numbers that hold it. */
  get numbers(): number {
    const { alpha, offset } = this.multipliers;
    const own = this.moments.length + alpha.length + offset.length;
    return own + this.#ratios.length + this.#scale.length + this.#flux.numbers;
  }

  /** Ends threads. */
  [Symbol.dispose](): void {
    this.#flux.close();
  }

  /** Σ h(u) h² over cells, from the multipliers of the moments as they are. */
  async entropy(): Promise<number> {
    await this.#close();
    const { system: { count, constant }, gamma } = this.closure;
    const { alpha, offset } = this.multipliers;
    const cells = offset.length;
    let total = 0;
    for (let c = 0; c < cells; c++) {
      let h = (offset[c]! - 1) / constant;
      for (let k = 0; k < count - 1; k++) {
        const a = alpha[k * cells + c]!;
        h += a * (this.#ratios[k * cells + c]! - gamma / 2 * a);
      }
      const mass = this.moments[c]!;
      total += mass * h + mass * Math.log(mass) / constant;
    }
    return total * areaOf(this.setup.grid);
  }

  /**
   * Advances by the step of number `n`, from 0, and tells its balance.
   *
   * @throws {NotRealisable} When a cell cannot be closed; the message names it.
   */
  async step(n: number): Promise<Balance> {
    const dt = this.steps.lengthOf(n);
    const balance = emptyBalance();
    if (this.#time === "euler") {
      await this.#stage(dt, balance, 1);
      return balance;
    }
    const before = this.moments.slice();
    await this.#stage(dt, balance, 0.5);
    await this.#stage(dt, balance, 0.5);
    for (let i = 0; i < before.length; i++) {
      this.moments[i] = 0.5 * (before[i]! + this.moments[i]!);
    }
    return balance;
  }

  async #stage(dt: number, balance: Balance, share: number): Promise<void> {
    await this.#close();
    this.#rescale();
    addBalance(balance, this.#volumeRates(), share * dt);
    this.#collide(dt);
    const rates = this.#flux.stream(this.multipliers.alpha, this.#scale, dt, this.moments);
    addBalance(balance, { ...emptyBalance(), ...rates }, share * dt);
  }

  async #close(): Promise<void> {
    const begin = performance.now();
    const { moments } = this;
    const cells = this.setup.start.length;
    for (let c = 0; c < cells; c++) if (!(moments[c]! > 0)) this.#refuse(c);
    for (let i = 0; i < this.#ratios.length; i++) {
      this.#ratios[i] = moments[cells + i]! / moments[i % cells]!;
    }
    try {
      await this.closure.close(this.#ratios, this.multipliers);
    } catch (error) {
      if (error instanceof NotRealisable) this.#refuse(error.cell);
      throw error;
    }
    this.closing += performance.now() - begin;
  }

  /** @throws {NotRealisable} Always, with the place of the cell. */
  #refuse(cell: number): never {
    const { grid: { nx } } = this.setup;
    const cells = this.setup.start.length;
    const { count, constant } = this.closure.system;
    const mass = this.moments[cell]!;
    const ratios = Array.from(
      { length: count - 1 },
      (_, k) => this.moments[(k + 1) * cells + cell]! / mass,
    );
    const phi = Number((mass / constant).toPrecision(6));
    const where = `cell (${cell % nx}, ${Math.floor(cell / nx)}) with φ = ${phi}`;
    throw new NotRealisable(cell, ratios, where);
  }

  /** ln u₀ + c α₀ − (γ/2) c ‖α_#‖². */
  #rescale(): void {
    const { system: { count, constant }, gamma } = this.closure;
    const { alpha, offset } = this.multipliers;
    const cells = offset.length;
    for (let c = 0; c < cells; c++) {
      let square = 0;
      for (let k = 0; k < count - 1; k++) square += alpha[k * cells + c]! ** 2;
      this.#scale[c] = Math.log(this.moments[c]!) + offset[c]! - gamma / 2 * constant * square;
    }
  }

  #collide(dt: number): void {
    const { scattering, absorption, source } = this.setup;
    const { constant, count, ordinates: { total } } = this.closure.system;
    const cells = scattering.length;
    for (let c = 0; c < cells; c++) {
      const born = dt * (scattering[c]! * this.moments[c]! / constant / total + source[c]!);
      const kept = 1 - dt * (scattering[c]! + absorption[c]!);
      for (let k = 0; k < count; k++) {
        const at = k * cells + c;
        this.moments[at] = kept * this.moments[at]! + this.#isotropic[k]! * born;
      }
    }
  }

  #volumeRates(): Balance {
    const { grid, absorption, source } = this.setup;
    const { constant, ordinates: { total } } = this.closure.system;
    const rates = emptyBalance();
    absorption.forEach((sigma, c) => {
      rates.absorbed += areaOf(grid) * sigma * this.moments[c]! / constant;
      rates.source += areaOf(grid) * total * source[c]!;
    });
    return rates;
  }
}
