/**
 * A federated method on a least-squares problem.
 *
 * @module
 */

import {
  type Algebra,
  federatedRound,
  type Federation,
  hostFederation,
  inTime,
  type Matrix,
  type OptimizerRule,
  participantsOf,
  type Participation,
  type Random,
  relativeFrobenius,
  sharedMatrices,
  type SharedMatrix,
  sharedMatrix,
  type SharedWeight,
  simulatedClients,
} from "../../core/mod.ts";
import type { FederatedCurve } from "./curve.ts";
import { leastSquaresHolder, lipschitz, matrixOf, WEIGHT } from "./least_squares.ts";
import { correctionOf, type FederatedMethod, formOf } from "./methods.ts";
import { type LeastSquares, meanLoss, type OpenLeastSquares, randomBasis } from "./problems.ts";

/** Size of the singular values at the start. */
const START = 0.1;
/** A loss that grew by this factor is told as divergence, and ends the curve. */
const DIVERGED = 1e4;

/** Growth of the step in a round that is kept, where the server chooses it. */
const GROWTH = 1.2;

/** What decides a curve beside method and problem. */
export interface SolveOptions {
  /** How clients move coordinates. */
  readonly rule: OptimizerRule;
  /** Who takes part. */
  readonly participation: Participation;
  /** Seed of the start. */
  readonly random: Random;
  /** Ends the rounds early; what comes out then is not to be kept. */
  readonly signal: AbortSignal;
}

/**
 * Excess loss over the optimum, ranks, bytes and drift over rounds.
 *
 * Where flows are shared in all coordinates, 1/L is not always a step that converges: with client
 * Hessians H_c in the bases, H their mean and q(h) = (1 − (1 − ηh)^s) / h, a round of s steps takes
 * the error e to (I − mean q(H_c) H) e. In a direction that a client hardly sees q is ηs, however well
 * the others see it, and the factor falls below −1; at η = 2 / (sL) it never does. So the server
 * begins there, where the step is its own choice, and lets it grow up to 1/L while the loss falls;
 * where clients tell of a larger one it takes the last round back, and halves the step.
 */
export async function solve(
  a: Algebra<Matrix>,
  method: FederatedMethod,
  problem: LeastSquares,
  { clients: data, least }: OpenLeastSquares,
  { rule, participation, random, signal }: SolveOptions,
): Promise<FederatedCurve> {
  const begin = performance.now();
  const correction = correctionOf(method);
  const truncation = { rule: relativeFrobenius, tolerance: problem.tolerance };
  const plans = { [WEIGHT]: { truncation } };
  const f: Federation<Matrix> = hostFederation(a, { rule, correction, plans });
  const holders = data.map((q) => leastSquaresHolder(a, q));
  const clients = simulatedClients(f, holders, inTime(participation));
  const halves = problem.rate === 0 && correction.shares === "grown-bases";
  const longest = problem.rate || 1 / await largestOf(data.map((q) => lipschitz(a, q)));
  let rate = halves ? Math.min(longest, 2 * longest / problem.steps) : longest;
  let weights = { [WEIGHT]: await start(a, method, problem, random) };
  let good = { weights, loss: Infinity };
  const [rounds, values, ranks, bytes, drift]: number[][] = [[], [], [], [], []];
  let [sent, held] = [0, 0];
  const first = meanLoss(data, matrixOf(a, weights[WEIGHT]!)) - least;
  for (let round = 0; round < problem.rounds; round++) {
    const participants = participantsOf(participation, round);
    const options = { round, rate, steps: problem.steps, participants };
    const outcome = await federatedRound(f, clients, weights, options);
    if (halves && outcome.loss > good.loss) {
      weights = good.weights;
      rate /= 2;
    } else {
      good = { weights, loss: outcome.loss };
      rate = Math.min(longest, GROWTH * rate);
      weights = outcome.weights as typeof weights;
    }
    const { down, up } = outcome.traffic;
    sent += down + up;
    held = Math.max(held, outcome.held);
    const weight = weights[WEIGHT]!;
    const value = meanLoss(data, matrixOf(a, weight)) - least;
    rounds!.push(round + 1);
    values!.push(value);
    if (weight.hasBases) ranks!.push(a.cols((weight as SharedMatrix<Matrix>).y.s));
    bytes!.push(sent);
    drift!.push(outcome.drift);
    if (!(value < DIVERGED * first)) break;
    // Ctrl-C is heard between rounds.
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
  }
  const seconds = (performance.now() - begin) / 1000;
  const found = { rounds: rounds!, values: values!, ranks: ranks!, bytes: bytes!, drift: drift! };
  return { method: method.name, ...found, held, seconds };
}

async function largestOf(values: readonly Promise<number>[]): Promise<number> {
  return Math.max(...await Promise.all(values));
}

/** The same matrix for all methods, in the form that each takes. */
async function start(
  a: Algebra<Matrix>,
  method: FederatedMethod,
  { size, rank }: LeastSquares,
  random: Random,
): Promise<SharedWeight<Matrix>> {
  const u = await randomBasis(a, size, rank, random.fork("u"));
  const v = await randomBasis(a, size, rank, random.fork("v"));
  const s = a.diagonal(new Float64Array(rank).fill(START));
  const form = formOf(method);
  if (form.moves !== undefined) return sharedMatrix(a, { u, s, v });
  if (form.format !== "dense") return sharedMatrices([u, s, v]);
  return sharedMatrices([a.multiply(a.multiply(u, s), v, { transposeRight: true })]);
}
