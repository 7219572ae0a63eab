/**
 * The full solver of discrete ordinates: time steps and the balance of each.
 *
 * @module
 */

import type { CollisionOperator } from "./collision/operator.ts";
import { type CollisionStage, collisionStage } from "./collision/stage.ts";
import { areaOf, layoutOf } from "./grid.ts";
import { fastestSweep, type SweepKernel, type SweepKernelKind } from "./kernel.ts";
import { type Limiter, venkatakrishnan } from "./limiter.ts";
import type { Ordinates } from "./ordinates.ts";
import type { Setup } from "./problem.ts";
import { faceRates, type Faces, openSides } from "./boundary_flow.ts";
import { type FrameFilling, frameFilling, isOpen } from "./sides.ts";
import { stepSize, type TimeMethod, type TimeSteps, timeSteps } from "./step_size.ts";

/** What decides a run beside problem and directions. */
export interface SolverOptions {
  /** Order in space; default 2. */
  readonly order?: 1 | 2;
  /** Default "heun" at order 2, "euler" at order 1. */
  readonly time?: TimeMethod;
  /** Δt / h; default: nine tenths of the largest step that is safe. */
  readonly cfl?: number;
  /** Default: Venkatakrishnan's. */
  readonly limiter?: Limiter;
  /** Whether negative ψ becomes 0; default true. */
  readonly clip?: boolean;
  /** Whether means keep the φ of the second stage and corners have one ghost, as published code. */
  readonly legacy?: boolean;
  /** How stages are computed; default the fastest way. */
  readonly kind?: SweepKernelKind;
  /** Most threads; default 1. */
  readonly threads?: number;
  /**
   * What collisions do in place of isotropic scattering: σs Q(ψ), explicitly; the directions are
   * the operator's nodes.
   */
  readonly collision?: CollisionOperator;
}

/** What a step brought and took, in amounts of mass. */
export interface Balance {
  /** Born in the volume. */
  source: number;
  /** Absorbed. */
  absorbed: number;
  /** Left through the sides. */
  outflow: number;
  /** Came in through the sides. */
  inflow: number;
  /** Made by raising negative ψ to 0. */
  clipped: number;
}

/** A balance of nothing. */
export function emptyBalance(): Balance {
  return { source: 0, absorbed: 0, outflow: 0, inflow: 0, clipped: 0 };
}

/** Adds `share` times a balance to another one. */
export function addBalance(sum: Balance, part: Balance, share = 1): void {
  for (const key of Object.keys(sum) as (keyof Balance)[]) sum[key] += share * part[key];
}

/** Steps of S_N on a problem. */
export class OrdinatesSolver {
  /** The problem. */
  readonly setup: Setup;
  /** The directions. */
  readonly ordinates: Ordinates;
  /** Its steps. */
  readonly steps: TimeSteps;
  readonly #kernel: SweepKernel;
  readonly #time: TimeMethod;
  readonly #fill: FrameFilling;
  readonly #framesStay: boolean;
  readonly #faces: readonly Faces[];
  readonly #collisions: CollisionStage | undefined;
  /** Which of the two states is ψ. */
  #now: 0 | 1 = 0;

  /**
   * Makes a solver at the start of a problem.
   *
   * @throws {RangeError} When the step size is not safe; the message names the bound. When a
   * collision operator shall be treated implicitly.
   */
  constructor(setup: Setup, ordinates: Ordinates, options: SolverOptions = {}) {
    const { order = 2, limiter = venkatakrishnan, clip = true, legacy = false } = options;
    const { time = order === 2 ? "heun" : "euler", threads = 1 } = options;
    const { grid, sides } = setup;
    if (options.collision && time === "imex-euler") {
      throw new RangeError(
        'Cannot step with a collision operator: expected "heun" or "euler", got "imex-euler"',
      );
    }
    this.setup = setup;
    this.ordinates = ordinates;
    this.#time = time;
    this.steps = timeSteps(
      setup.time,
      stepSize({ grid, attenuation: largestAttenuation(setup), time }, options.cfl),
    );
    const clips = clip && time !== "imex-euler";
    const scheme = { grid, ordinates, sides, order, limiter, clip: clips, staleFlux: legacy };
    this.#kernel = (options.kind ?? fastestSweep()).create(scheme, threads);
    this.#fill = frameFilling(grid, sides, ordinates, legacy);
    this.#framesStay = Object.values(sides).every(isOpen);
    this.#faces = openSides(setup);
    this.#collisions = options.collision &&
      collisionStage(grid, ordinates.weights, options.collision);
    this.#start();
  }

  #start(): void {
    const { grid: { nx, ny }, start } = this.setup;
    const { pitch, plane, origin, fieldPitch } = layoutOf(this.setup.grid);
    const { states, flux } = this.#kernel;
    for (let k = 0; k < nx * ny; k++) {
      const [i, j] = [k % nx, Math.floor(k / nx)];
      flux[j * fieldPitch + i] = start[k]!;
      for (let q = 0; q < this.ordinates.weights.length; q++) {
        states[0][q * plane + origin + j * pitch + i] = start[k]! / this.ordinates.total;
      }
    }
    for (const state of states) this.#fill(state);
  }

  /** ψ in the frame of {@linkcode layoutOf}, valid until the next step. */
  get psi(): Float64Array {
    return this.#kernel.states[this.#now];
  }

  /** φ by cell, nx × ny. */
  get flux(): Float64Array {
    return this.#gathered(this.#kernel.flux);
  }

  /** Copies ψ and φ in, as {@linkcode OrdinatesSolver.psi} and its φ were. */
  load(psi: Float64Array, flux: Float64Array): void {
    this.psi.set(psi);
    const { grid: { nx, ny } } = this.setup;
    const { fieldPitch } = layoutOf(this.setup.grid);
    for (let j = 0; j < ny; j++) {
      this.#kernel.flux.set(flux.subarray(j * nx, (j + 1) * nx), j * fieldPitch);
    }
  }

  /** Advances by the step of number `n`, from 0, and tells its balance. */
  step(n: number): Balance {
    const dt = this.steps.lengthOf(n);
    this.#kernel.setStep(dt);
    const balance = emptyBalance();
    if (this.#time === "imex-euler") {
      this.#implicitStep(dt, balance);
      return balance;
    }
    const [before, other] = [this.#now, this.#now === 0 ? 1 : 0] as const;
    const share = this.#time === "heun" ? 0.5 : 1;
    this.#explicitStage(before, other, "step", dt, balance, share);
    if (this.#time === "heun") this.#explicitStage(other, before, "mean", dt, balance, share);
    else this.#now = other;
    return balance;
  }

  #explicitStage(
    from: 0 | 1,
    to: 0 | 1,
    way: "step" | "mean",
    dt: number,
    balance: Balance,
    share: number,
  ): void {
    const { absorption, scattering, source } = this.setup;
    const { total } = this.ordinates;
    // Where an operator says what collisions do, stages leave them to it.
    const scatters = this.#collisions ? 0 : 1;
    this.#eachCell((cell, k, phi) => {
      const rate = scatters * scattering[k]!;
      this.#kernel.kept[cell] = 1 - dt * (rate + absorption[k]!);
      this.#kernel.source[cell] = dt * (rate * phi / total + source[k]!);
    });
    addBalance(balance, this.#volumeRates(), share * dt);
    this.#stage(from, to, way);
    const { states, flux } = this.#kernel;
    const weight = dt * (way === "mean" ? 0.5 : 1);
    this.#collisions?.add(weight, states[from], states[to], scattering, flux);
    addBalance(balance, this.#sideRates(from), share * dt);
    const area = areaOf(this.setup.grid);
    balance.clipped += share * area * this.#kernel.clipped.reduce((a, b) => a + b, 0);
  }

  /** Transport, then collisions in closed form: scattering sees φ after absorption. */
  #implicitStep(dt: number, balance: Balance): void {
    const { absorption, scattering, source } = this.setup;
    const { total } = this.ordinates;
    const { kept, source: added } = this.#kernel;
    const [before, other] = [this.#now, this.#now === 0 ? 1 : 0] as const;
    kept.fill(1);
    added.fill(0);
    this.#stage(before, other, "step");
    addBalance(balance, this.#sideRates(before), dt);
    this.#eachCell((cell, k, streamed) => {
      const after = (streamed + total * dt * source[k]!) / (1 + dt * absorption[k]!);
      kept[cell] = 1 / (1 + dt * (scattering[k]! + absorption[k]!));
      added[cell] = kept[cell]! * dt * (scattering[k]! * after / total + source[k]!);
    });
    this.#stage(other, before, "collide");
    addBalance(balance, this.#volumeRates(), dt);
  }

  #stage(from: 0 | 1, to: 0 | 1, way: "step" | "mean" | "collide"): void {
    if (!this.#framesStay) this.#fill(this.#kernel.states[from]);
    this.#kernel.stage(from, to, way);
  }

  #volumeRates(): Balance {
    const { grid, absorption, source } = this.setup;
    const rates = emptyBalance();
    this.#eachCell((_, k, phi) => {
      rates.absorbed += areaOf(grid) * absorption[k]! * phi;
      rates.source += areaOf(grid) * this.ordinates.total * source[k]!;
    });
    return rates;
  }

  #sideRates(state: 0 | 1): Balance {
    const { plane } = layoutOf(this.setup.grid);
    const psi = this.#kernel.states[state];
    const { outflow, inflow } = faceRates(this.#faces, this.ordinates, psi, plane);
    return { ...emptyBalance(), outflow, inflow };
  }

  #eachCell(visit: (cell: number, k: number, phi: number) => void): void {
    const { grid: { nx, ny } } = this.setup;
    const { fieldPitch } = layoutOf(this.setup.grid);
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++) {
        const cell = j * fieldPitch + i;
        visit(cell, j * nx + i, this.#kernel.flux[cell]!);
      }
    }
  }

  #gathered(field: Float64Array): Float64Array {
    const { grid: { nx, ny } } = this.setup;
    const { fieldPitch } = layoutOf(this.setup.grid);
    return Float64Array.from(
      { length: nx * ny },
      (_, k) => field[Math.floor(k / nx) * fieldPitch + k % nx]!,
    );
  }

  /** Ends the threads that help. */
  [Symbol.dispose](): void {
    this.#kernel.close?.();
  }
}

/** Largest σt. */
export function largestAttenuation({ scattering, absorption }: Setup): number {
  return scattering.reduce((most, s, k) => Math.max(most, s + absorption[k]!), 0);
}
