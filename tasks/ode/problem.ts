/**
 * Matrix differential equations with known solutions, on which integrators are measured.
 *
 * @module
 */

import {
  type Algebra,
  integrate,
  type Integrator,
  type LowRank,
  lowRankOf,
  type Plugin,
  Registry,
  type RightHandSide,
  type Stepper,
  toDense,
} from "../../core/mod.ts";

/** A problem that is ready to be solved. */
export interface OpenProblem {
  /** Error of the best approximation of that rank to the solution: what no integrator can beat. */
  best(rank: number): Promise<number>;
  /**
   * Relative Frobenius error at the end time.
   *
   * @param steps Number of equal steps.
   * @param stepper How the sub-flows of a step are advanced.
   */
  solve(integrator: Integrator, rank: number, steps: number, stepper: Stepper): Promise<number>;
}

/** A test problem. */
export interface OdeProblem extends Plugin {
  /** Heading. */
  readonly title: string;
  /** The equation and where it is from. */
  readonly text: string;
  /** Length of the time interval. */
  readonly duration: number;
  /** Rank of the approximations. */
  readonly rank: number;
  /** Prepares start and solution. */
  open(seed: number): Promise<OpenProblem>;
}

/** Test problems by name. */
export const odeProblems: Registry<OdeProblem> = new Registry("ODE problem");

/** What a problem with a right-hand side consists of. */
export interface FlowProblem<M> {
  /** Where its matrices live. */
  readonly algebra: Algebra<M>;
  /** Right-hand side. */
  readonly f: RightHandSide<M>;
  /** Start at full rank, m×n. */
  readonly start: M;
  /** Solution at the end time, m×n. */
  readonly end: M;
  /** End time. */
  readonly t1: number;
}

/** Makes a problem of a right-hand side. */
export function flowProblem<M>({ algebra: a, f, start, end, t1 }: FlowProblem<M>): OpenProblem {
  return {
    best: (rank) => bestError(a, end, rank),
    async solve(integrator, rank, steps, stepper) {
      const y0 = await lowRankOf(a, start, rank);
      return await relativeError(
        a,
        await integrate(a, integrator, f, y0, { t1, steps, stepper }),
        end,
      );
    },
  };
}

/** Relative Frobenius distance of a factorised matrix from a full one. */
export async function relativeError<M>(a: Algebra<M>, y: LowRank<M>, end: M): Promise<number> {
  return await a.norm(a.lincomb(1, toDense(a, y), -1, end)) / await a.norm(end);
}

/** Relative error of the best approximation of a rank. */
export async function bestError<M>(a: Algebra<M>, end: M, rank: number): Promise<number> {
  const { sigma } = await a.svd(end);
  return Math.hypot(...sigma.subarray(rank)) / Math.hypot(...sigma);
}

/**
 * The classical Runge-Kutta method on full matrices, for reference solutions.
 *
 * @param f Right-hand side of an autonomous equation.
 */
export function referenceSolution<M>(
  a: Algebra<M>,
  f: (y: M) => M,
  start: M,
  t1: number,
  steps: number,
): M {
  const dt = t1 / steps;
  let y = start;
  for (let i = 0; i < steps; i++) {
    const k1 = f(y);
    const k2 = f(a.lincomb(1, y, dt / 2, k1));
    const k3 = f(a.lincomb(1, y, dt / 2, k2));
    const k4 = f(a.lincomb(1, y, dt, k3));
    const outer = a.lincomb(1, k1, 1, k4);
    const inner = a.lincomb(1, k2, 1, k3);
    y = a.lincomb(1, y, dt / 6, a.lincomb(1, outer, 2, inner));
  }
  return y;
}
