/**
 * The two least-squares problems on which federated methods are compared (FeDLRT, arXiv 2406.17887).
 *
 * @module
 */

import { type Algebra, type Matrix, matrix, type Random } from "../../core/mod.ts";
import { lossAt, type Quadratic, quadratic, randomPoints } from "./least_squares.ts";

/** A problem before its data are drawn. */
export interface LeastSquares {
  /** What people type. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** Number of Legendre polynomials n: W is n×n. */
  readonly size: number;
  /** Points of each client. */
  readonly points: number;
  /** Rank of the targets. */
  readonly targetRank: number;
  /** Whether all clients have one target. */
  readonly oneTarget: boolean;
  /** Whether polynomials have norm 1. */
  readonly normalised: boolean;
  /** Rank at the start. */
  readonly rank: number;
  /** Tolerance of the truncation. */
  readonly tolerance: number;
  /**
   * Step size; 0: 1 over the largest Lipschitz constant of a client's gradient, or what the server
   * finds where a correction in all coordinates bears only a part of that.
   */
  readonly rate: number;
  /** Local steps. */
  readonly steps: number;
  /** Rounds. */
  readonly rounds: number;
}

/** One target of rank 4 for all clients. */
export const homogeneous: LeastSquares = {
  name: "homogeneous",
  title: "one target of rank 4 for all clients",
  size: 20,
  points: 2500,
  targetRank: 4,
  oneTarget: true,
  normalised: true,
  rank: 10,
  tolerance: 0.1,
  rate: 0,
  steps: 20,
  rounds: 60,
};

/** A target of rank 1 for each client. */
export const heterogeneous: LeastSquares = {
  name: "heterogeneous",
  title: "a target of rank 1 for each client",
  size: 10,
  points: 1000,
  targetRank: 1,
  oneTarget: false,
  normalised: false,
  rank: 5,
  tolerance: 0.01,
  rate: 0.1,
  steps: 100,
  rounds: 200,
};

/** Both. */
export const leastSquaresProblems: readonly LeastSquares[] = [homogeneous, heterogeneous];

/** The data of all clients, and the best there is. */
export interface OpenLeastSquares {
  /** Of each client. */
  readonly clients: readonly Quadratic[];
  /** Matrix with the smallest mean loss. */
  readonly best: Matrix;
  /** Mean loss there. */
  readonly least: number;
}

/** Draws the data. */
export async function openLeastSquares(
  a: Algebra<Matrix>,
  problem: LeastSquares,
  clients: number,
  random: Random,
): Promise<OpenLeastSquares> {
  const shared = await targetOf(a, problem, random.fork("target"));
  const parts: Quadratic[] = [];
  for (let c = 0; c < clients; c++) {
    const own = random.fork("client").fork(c);
    const target = problem.oneTarget ? shared : await targetOf(a, problem, own.fork("target"));
    parts.push(quadratic(a, randomPoints(problem.points, target, problem.normalised, own)));
  }
  const best = problem.oneTarget ? shared : await optimum(a, parts);
  return { clients: parts, best, least: meanLoss(parts, best) };
}

/** Mean loss of clients with as many points each. */
export function meanLoss(clients: readonly Quadratic[], w: Matrix): number {
  return clients.reduce((sum, q) => sum + lossAt(q, w), 0) / clients.length;
}

/** A matrix with singular values 1. */
async function targetOf(
  a: Algebra<Matrix>,
  { size, targetRank }: LeastSquares,
  random: Random,
): Promise<Matrix> {
  const [u, v] = [
    await randomBasis(a, size, targetRank, random.fork("u")),
    await randomBasis(a, size, targetRank, random.fork("v")),
  ];
  return a.multiply(u, v, { transposeRight: true });
}

/** Orthonormal columns in random directions. */
export async function randomBasis(
  a: Algebra<Matrix>,
  rows: number,
  cols: number,
  random: Random,
): Promise<Matrix> {
  const entries = random.fillNormal(new Float64Array(rows * cols));
  return await a.orthonormalize(matrix(entries, rows, cols));
}

/** Solves the mean of the normal equations. */
async function optimum(a: Algebra<Matrix>, clients: readonly Quadratic[]): Promise<Matrix> {
  const mean = (of: (q: Quadratic) => Matrix): Matrix =>
    a.scale(1 / clients.length, clients.map(of).reduce((x, y) => a.lincomb(1, x, 1, y)));
  const { p, sigma, q } = await a.svd(mean(({ hessian }) => hessian));
  const column = a.multiply(p, mean(({ linear }) => linear), {
    transposeLeft: true,
    transposeRight: true,
  });
  const solved = a.multiply(q, a.weighted(column, { rows: sigma.map((s) => 1 / s) }));
  const n = clients[0]!.points.left.cols;
  return a.reshape(solved, n, n);
}
