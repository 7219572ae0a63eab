/**
 * Dynamical low-rank approximation of transport: ψ as X S Wᵀ, moved by any integrator of matrices,
 * with the mass kept by truncation (Einkemmer, Kusch, Schotthöfer: Conservation properties of the
 * augmented basis update and Galerkin integrator for kinetic problems, arXiv:2311.06399).
 *
 * @module
 */

import {
  type Algebra,
  conservativeRule,
  factoredField,
  type Integrator,
  type LowRank,
  type Matrix,
  matrixOf,
  orthonormalizeLowRank,
  relativeFrobenius,
  type RightHandSide,
  separableField,
  stepOde,
  type Stepper,
  sumField,
  type Truncation,
  type TruncationRule,
} from "../../core/mod.ts";
import type { AngularBasis } from "./angular_basis.ts";
import { coordinateRates, CoordinateReading } from "./coordinate_reading.ts";
import { isSlab } from "./grid.ts";
import type { Setup } from "./problem.ts";
import { type SeparableTransport, separableTransport } from "./separable_transport.ts";
import { incoming, SIDE_NAMES } from "./sides.ts";
import { addBalance, type Balance, emptyBalance, largestAttenuation } from "./solver.ts";
import { stepSize, type TimeSteps, timeSteps } from "./step_size.ts";

/** What a truncation leaves alone: nothing, φ in every cell, or the current of ψ as well. */
export const CONSERVED = ["nothing", "mass", "momentum"] as const;

/** One of {@linkcode CONSERVED}. */
export type Conserved = typeof CONSERVED[number];

/** What decides a low-rank run beside problem and basis. */
export interface LowRankOptions {
  /** The integrator. */
  readonly integrator: Integrator;
  /** How its sub-flows are advanced. */
  readonly stepper: Stepper;
  /** Threshold ϑ of truncations, relative to what is truncated. */
  readonly tolerance: number;
  /** Whether the threshold of a step is ϑ Δt, against ranks that cannot grow; default false. */
  readonly scaled?: boolean;
  /** What truncation leaves alone; default mass. */
  readonly conserved?: Conserved;
  /** Whether collisions are implicit, after the step of transport; default false. */
  readonly implicit?: boolean;
  /** Rule for the rest; default relative to its Frobenius norm. */
  readonly rule?: TruncationRule;
  /**
   * Ranks never fall below this; default: that of the bases a run begins with. Truncations of the
   * first steps would cut them, and what comes in later is then too small to stay.
   */
  readonly minRank?: number;
  /** Ranks never rise above this; default: the smaller extent. */
  readonly maxRank?: number;
  /** Δt / h; default: what is safe. */
  readonly cfl?: number;
}

/** What a step did. */
export interface LowRankStep {
  /** Rank after it. */
  readonly rank: number;
  /** Norm of what truncation discarded. */
  readonly discarded: number;
  /**
   * What came and went: for steps of order one by Euler's method, which keep the mass, all of it to
   * round-off; for others to their order.
   */
  readonly balance: Balance;
}

/** Steps of a low-rank approximation. */
export class LowRankSolver {
  /** The problem. */
  readonly setup: Setup;
  /** Its steps. */
  readonly steps: TimeSteps;
  /** Y = U S Vᵀ, cells × angles. */
  y!: LowRank<Matrix>;
  /** What depends on direction. */
  readonly reading: CoordinateReading;
  readonly #rates: () => Balance;
  readonly #algebra: Algebra<Matrix>;
  readonly #basis: AngularBasis;
  readonly #transport: SeparableTransport;
  readonly #options: LowRankOptions;
  readonly #rule: TruncationRule;

  private constructor(
    a: Algebra<Matrix>,
    setup: Setup,
    basis: AngularBasis,
    options: LowRankOptions,
  ) {
    this.#algebra = a;
    this.#basis = basis;
    this.#options = options;
    const { implicit = false } = options;
    this.#transport = separableTransport(a, setup, basis, !implicit);
    this.#rule = ruleOf(a, basis, options);
    this.setup = setup;
    this.reading = new CoordinateReading(a, setup.grid, basis, () => this.y);
    this.#rates = coordinateRates(setup, basis, this.reading);
    const bound = { grid: setup.grid, attenuation: largestAttenuation(setup) };
    this.steps = timeSteps(
      setup.time,
      stepSize({ ...bound, time: implicit ? "imex-euler" : "euler" }, options.cfl),
    );
  }

  /**
   * Makes a solver at the start of a problem.
   *
   * @throws {RangeError} When the step is not stable, or a side reflects and a direction has no mirror image.
   */
  static async open(
    a: Algebra<Matrix>,
    setup: Setup,
    basis: AngularBasis,
    options: LowRankOptions,
  ): Promise<LowRankSolver> {
    const solver = new LowRankSolver(a, setup, basis, options);
    solver.y = await paddedStart(a, setup, basis);
    return solver;
  }

  /** φ by cell. */
  get flux(): Float64Array {
    return this.fluxOf(this.y);
  }

  /** φ by cell of a point. */
  fluxOf({ u, s, v }: LowRank<Matrix>): Float64Array {
    const a = this.#algebra;
    const mean = a.multiply(s, a.multiply(v, this.#basis.isotropic, { transposeLeft: true }));
    return a.multiply(u, mean).data.map((x) => x * Math.sqrt(this.#basis.total));
  }

  /** Numbers that the factors hold. */
  get size(): number {
    const { u, s, v } = this.y;
    return u.data.length + s.data.length + v.data.length;
  }

  /** The right-hand side. */
  readonly field: RightHandSide<Matrix> = (_t, y) => {
    const a = this.#algebra;
    const { terms, sources } = this.#transport;
    return sumField(a, [
      separableField(a, y, terms),
      ...sources.map((source) => factoredField(a, source)),
    ]);
  };

  /** dφ/dt by cell, as F says: what φ follows cell by cell where mass is conserved. */
  async fluxRate(): Promise<Float64Array> {
    const rate = await (await this.field(0, this.y)).times(this.#basis.isotropic);
    return rate.data.map((x) => x * Math.sqrt(this.#basis.total));
  }

  /** Advances by the step of number `n`, from 0. */
  async step(n: number): Promise<LowRankStep> {
    const a = this.#algebra;
    const { integrator, stepper, tolerance, scaled = false, maxRank } = this.#options;
    const { minRank = Math.min(modesOf(this.setup).length, maxRank ?? Infinity) } = this.#options;
    const dt = this.steps.lengthOf(n);
    const truncation: Truncation = {
      rule: this.#rule,
      tolerance: scaled ? tolerance * dt : tolerance,
      minRank,
      ...(maxRank !== undefined && { maxRank }),
    };
    const before = this.y;
    const atStart = this.#rates();
    const result = await stepOde(a, integrator, this.field, before, 0, dt, { stepper, truncation });
    // Bases that grow from those before lose their orthogonality bit by bit, and mass with it.
    this.y = await orthonormalizeLowRank(a, result.y);
    if (this.#options.implicit) this.y = await this.#collide(this.y, dt);
    const balance = this.#balance(atStart, this.#rates(), dt);
    return { rank: a.cols(this.y.u), discarded: result.discarded, balance };
  }

  /** The balance of a step from what came and went per time before and after it. */
  #balance(before: Balance, after: Balance, dt: number): Balance {
    const { integrator, stepper, implicit } = this.#options;
    const balance = emptyBalance();
    const explicit = Math.max(integrator.order, stepper.order) > 1 ? 0.5 : 1;
    addBalance(balance, before, explicit * dt);
    addBalance(balance, after, (1 - explicit) * dt);
    return implicit ? { ...balance, absorbed: dt * after.absorbed } : balance;
  }

  /** Collisions and sources in closed form: the rank and the directions of ψ stay what they are. */
  async #collide(y: LowRank<Matrix>, dt: number): Promise<LowRank<Matrix>> {
    const a = this.#algebra;
    const { scattering, absorption, source } = this.setup;
    const { total, isotropic } = this.#basis;
    const streamed = this.fluxOf(y);
    const isotropicPart = matrixOf(streamed.length, 1, (k) => {
      const after = (streamed[k]! + total * dt * source[k]!) / (1 + dt * absorption[k]!);
      const born = scattering[k]! * after / total + source[k]!;
      return Math.sqrt(total) * dt * born / (1 + dt * (scattering[k]! + absorption[k]!));
    });
    const kept = a.multiply(y.u, y.s);
    const { rows, cols, data } = kept;
    const damped = data.map((value, k) => {
      const cell = Math.floor(k / cols);
      return value / (1 + dt * (scattering[cell]! + absorption[cell]!));
    });
    const mean = a.multiply(isotropic, y.v, { transposeLeft: true });
    const k = a.lincomb(1, { rows, cols, data: damped }, 1, a.multiply(isotropicPart, mean));
    const { q, r } = await a.qr(k);
    return { u: q, s: r, v: y.v };
  }
}

/** The rule of truncations, around what is fixed. */
function ruleOf(
  a: Algebra<Matrix>,
  basis: AngularBasis,
  { conserved = "mass", rule = relativeFrobenius }: LowRankOptions,
): TruncationRule {
  if (conserved === "nothing") return rule;
  const e = basis.isotropic;
  const currents = conserved === "momentum" ? basis.streaming.map((s) => applied(a, s, e)) : [];
  const right = a.hstack([e, ...currents]);
  return conservativeRule(
    `conservative-${conserved}`,
    `${rule.description}; ${conserved} stays what it is`,
    () => ({ right }),
    rule,
  );
}

/** Ω X along an axis. */
function applied(a: Algebra<Matrix>, s: AngularBasis["streaming"][number], x: Matrix): Matrix {
  return a.lincomb(1, s.plus(x), 1, s.minus(x));
}

/** Degrees of monomials in a slab and in the plane. */
const [SLAB_DEGREE, PLANE_DEGREE] = [7, 2];

/** Exponents of the monomials that the bases begin with. */
function modesOf({ grid }: Setup): (readonly [number, number])[] {
  return isSlab(grid)
    ? Array.from({ length: SLAB_DEGREE + 1 }, (_, k) => [k, 0] as const)
    : monomials(PLANE_DEGREE);
}

/**
 * The start in bases that are wider than it needs, with zeros as singular values: all monomials of
 * low degree times what there is at the start or what shines. From the rank of the start alone, which
 * can only double, the first steps could not follow.
 */
async function paddedStart(
  a: Algebra<Matrix>,
  setup: Setup,
  basis: AngularBasis,
): Promise<LowRank<Matrix>> {
  const { grid: { nx, x0, y0, hx, hy } } = setup;
  const degrees = modesOf(setup);
  const density = densityOf(setup);
  const modes = degrees.map(([p, q]) =>
    matrixOf(density.length, 1, (k) => {
      const [x, y] = [x0 + (k % nx + 0.5) * hx, y0 + (Math.floor(k / nx) + 0.5) * hy];
      return density[k]! * x ** p * y ** q;
    })
  );
  const angles = degrees.map(([p, q]) => {
    let mode = basis.isotropic;
    for (let k = 0; k < p; k++) mode = applied(a, basis.streaming[0]!, mode);
    for (let k = 0; k < q; k++) mode = applied(a, basis.streaming[1]!, mode);
    return mode;
  });
  const count = Math.min(degrees.length, density.length, basis.size);
  const u = await a.orthonormalize(a.hstack(modes.slice(0, count)));
  const v = await a.orthonormalize(a.hstack(angles.slice(0, count)));
  const start = matrixOf(density.length, 1, (k) => setup.start[k]! / Math.sqrt(basis.total));
  const rows = a.multiply(u, start, { transposeLeft: true });
  const cols = a.multiply(v, basis.isotropic, { transposeLeft: true });
  return { u, s: a.multiply(rows, cols, { transposeRight: true }), v };
}

function monomials(degree: number): (readonly [number, number])[] {
  const all: (readonly [number, number])[] = [];
  for (let d = 0; d <= degree; d++) for (let q = 0; q <= d; q++) all.push([d - q, q]);
  return all;
}

/** What there is at the start, or shines, or comes in. */
function densityOf({ grid: { nx, ny }, start, source, sides }: Setup): Float64Array {
  const density = start.map((phi, k) => phi + source[k]!);
  if (density.some((value) => value !== 0)) return density;
  return density.map((_, cell) => {
    const [i, j] = [cell % nx, Math.floor(cell / nx)];
    const at = [i === 0, i === nx - 1, j === 0, j === ny - 1];
    return SIDE_NAMES.reduce(
      (sum, name, k) => sum + (at[k] ? incoming(sides[name], k < 2 ? j : i) : 0),
      0,
    );
  });
}
