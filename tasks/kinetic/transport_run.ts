/**
 * Solvers of every kind as runs that can be saved and go on.
 *
 * @module
 */

import {
  type Algebra,
  type Integrator,
  type LowRank,
  type Matrix,
  steppers,
  truncationRules,
} from "../../core/mod.ts";
import { chosen } from "../chosen.ts";
import { type AngularBasis, harmonicBasis, ordinateBasis } from "./angular_basis.ts";
import { type AngularReading, ordinateReading } from "./angular_reading.ts";
import { fastestSweep, sweepKernels } from "./kernel.ts";
import { limiters } from "./limiter.ts";
import { type Conserved, LowRankSolver } from "./low_rank_solver.ts";
import { MomentSolver } from "./moment_solver.ts";
import type { TransportOptions } from "./options.ts";
import { quadratures } from "./ordinates.ts";
import type { Setup } from "./problem.ts";
import { type Balance, OrdinatesSolver } from "./solver.ts";
import type { TimeMethod, TimeSteps } from "./step_size.ts";

/** What a run tells of a step. */
export interface StepTold {
  /** What came and went. */
  readonly balance?: Balance;
  /** Rank, where there is one. */
  readonly rank?: number;
  /** Norm of what truncation discarded. */
  readonly discarded?: number;
  /** Largest difference of φ in a cell from what the law of mass says. */
  readonly defect?: number;
}

/** A solver at work. */
export interface TransportRun {
  /** Its steps. */
  readonly steps: TimeSteps;
  /** What depends on direction, where the solver tells it. */
  readonly reading?: AngularReading;
  /** φ by cell. */
  readonly flux: Float64Array;
  /** Numbers that hold ψ. */
  readonly numbers: number;
  /** Whether each step tells the whole balance of mass. */
  readonly balanced?: boolean;
  /** ‖ψ‖ in low rank. */
  norm?(): Promise<number>;
  /** Advances by the step of a number, from 0. */
  step(n: number): Promise<StepTold>;
  /** The state, a record. */
  save(): object;
  /** Goes on from a state that was saved. */
  load(state: unknown): void;
  /** Ends threads. */
  close(): void;
}

/** Opens full discrete ordinates. */
export function openOrdinates(
  setup: Setup,
  o: TransportOptions,
  order: 1 | 2 = o.space as 1 | 2,
): TransportRun {
  const ordinates = quadratures.get(o.quadrature).ordinates(o.order);
  const solver = new OrdinatesSolver(setup, ordinates, {
    order,
    ...(o.time !== "auto" && { time: o.time as TimeMethod }),
    ...(o.cfl > 0 && { cfl: o.cfl }),
    limiter: limiters.get(o.limiter),
    clip: o.clip,
    legacy: o.legacy,
    kind: o.kernel === "fastest" ? fastestSweep() : sweepKernels.get(o.kernel),
    threads: o.threads || navigator.hardwareConcurrency,
  });
  return {
    steps: solver.steps,
    reading: ordinateReading(setup.grid, ordinates, () => solver.psi),
    balanced: true,
    get flux() {
      return solver.flux;
    },
    numbers: setup.start.length * ordinates.weights.length,
    step: (n) => Promise.resolve({ balance: solver.step(n) }),
    save: () => ({ psi: solver.psi, flux: solver.flux }),
    load(state) {
      const { psi, flux } = state as FullState;
      solver.load(psi, flux);
    },
    close: () => solver[Symbol.dispose](),
  };
}

interface FullState {
  readonly psi: Float64Array;
  readonly flux: Float64Array;
}

/** Opens full moments, or discrete ordinates in the same form. */
export function openMoments(
  a: Algebra<Matrix>,
  setup: Setup,
  basis: AngularBasis,
  o: TransportOptions,
): TransportRun {
  const solver = new MomentSolver(a, setup, basis, {
    time: o.time === "heun" ? "heun" : "euler",
    ...(o.cfl > 0 && { cfl: o.cfl }),
  });
  return {
    steps: solver.steps,
    reading: solver.reading,
    balanced: true,
    get flux() {
      return solver.flux;
    },
    numbers: solver.y.data.length,
    step: (n) => Promise.resolve({ balance: solver.step(n) }),
    save: () => ({ y: solver.y.data }),
    load(state) {
      solver.y = { ...solver.y, data: (state as { readonly y: Float64Array }).y };
    },
    close: () => {},
  };
}

/** Opens low rank. */
export async function openLowRank(
  a: Algebra<Matrix>,
  setup: Setup,
  basis: AngularBasis,
  o: TransportOptions,
  integrator: Integrator,
  conserved: Conserved,
): Promise<TransportRun> {
  const solver = await LowRankSolver.open(a, setup, basis, {
    integrator,
    stepper: steppers.get(o.stepper),
    rule: chosen(truncationRules, o.truncation)[0]!.plugin,
    tolerance: o.tolerance,
    scaled: o.scaled,
    conserved,
    implicit: o.time === "imex-euler",
    ...(o.cfl > 0 && { cfl: o.cfl }),
  });
  return {
    steps: solver.steps,
    reading: solver.reading,
    balanced: true,
    get flux() {
      return solver.flux;
    },
    get numbers() {
      return solver.size;
    },
    norm: () => a.norm(solver.y.s),
    async step(n) {
      const [before, rate] = [solver.flux, await solver.fluxRate()];
      const told = await solver.step(n);
      const dt = solver.steps.lengthOf(n);
      const defect = solver.flux.reduce(
        (most, phi, k) => Math.max(most, Math.abs(phi - before[k]! - dt * rate[k]!)),
        0,
      );
      return { ...told, ...(o.time !== "imex-euler" && { defect }) };
    },
    save: () => stored(solver.y),
    load: (state) => void (solver.y = restored(state as StoredFactors)),
    close: () => {},
  };
}

interface StoredFactors {
  readonly u: Float64Array;
  readonly s: Float64Array;
  readonly v: Float64Array;
  readonly rank: number;
}

function stored({ u, s, v }: LowRank<Matrix>): StoredFactors {
  return { u: u.data, s: s.data, v: v.data, rank: s.rows };
}

function restored({ u, s, v, rank }: StoredFactors): LowRank<Matrix> {
  const matrix = (data: Float64Array): Matrix => ({ rows: data.length / rank, cols: rank, data });
  return { u: matrix(u), s: matrix(s), v: matrix(v) };
}

/** The coordinates in angle that options choose. */
export async function basisOf(
  a: Algebra<Matrix>,
  o: TransportOptions,
  dimension: 1 | 2,
): Promise<AngularBasis> {
  if (o.solver === "pn" || o.angles === "harmonics") {
    return await harmonicBasis(a, dimension, o.degree);
  }
  return ordinateBasis(quadratures.get(o.quadrature).ordinates(o.order));
}
