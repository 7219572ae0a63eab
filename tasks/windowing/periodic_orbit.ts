/**
 * Periodic solutions of oscillators, their averages and sensitivities by shooting: reference values
 * that owe nothing to windows.
 *
 * @module
 */

import { type DifferentiableField, differentiableRungeKutta, rk4Tableau } from "../../core/mod.ts";

/** A direction in the space of starts and parameters. */
export interface Direction {
  /** In the start, length 2. */
  readonly v: ArrayLike<number>;
  /** In the parameters. */
  readonly q: ArrayLike<number>;
}

/** A closed orbit to be found: u(duration) = u(0) for two components. */
export interface OrbitProblem {
  /** Right-hand side for two components. Its first parameter is the design. */
  readonly field: DifferentiableField;
  /** Time of one round, in the time of the field. */
  readonly duration: number;
  /** Guess of the start. */
  readonly start: readonly number[];
  /** Parameters, with guesses of those that are unknown. */
  readonly parameters: readonly number[];
  /** The two unknowns. */
  readonly unknowns: readonly [Direction, Direction];
  /** Component whose square is averaged. */
  readonly observed: number;
}

/** A closed orbit. */
export interface Orbit {
  /** Its start. */
  readonly start: Float64Array;
  /** The derivative of its start in the design. */
  readonly startSlope: Float64Array;
  /** Parameters, those that were unknown included. */
  readonly parameters: Float64Array;
  /** Their derivatives in the design. */
  readonly parameterSlopes: Float64Array;
  /** Average of the squared component over a round. */
  readonly average: number;
  /** Its derivative in the design. */
  readonly sensitivity: number;
}

const STEPS = 4000;
const ITERATIONS = 30;

/**
 * Finds a closed orbit by Newton's method on the map of one round.
 *
 * @throws {Error} When it does not converge from the guess.
 */
export function findOrbit(problem: OrbitProblem): Orbit {
  const start = Float64Array.from(problem.start);
  const parameters = Float64Array.from(problem.parameters);
  for (let i = 0; i < ITERATIONS; i++) {
    const { end } = round(problem, start, parameters, { v: [0, 0], q: parameters.map(() => 0) });
    const [a, b] = solve(columns(problem, start, parameters), start.map((x, k) => x - end[k]!));
    move(start, parameters, a, problem.unknowns[0]);
    move(start, parameters, b, problem.unknowns[1]);
    if (Math.hypot(a, b) < 1e-13) return measure(problem, start, parameters);
  }
  throw new Error("Cannot find the periodic orbit: Newton's method did not converge; start nearer");
}

/** Average over the orbit, and the derivative of everything in the design. */
function measure(problem: OrbitProblem, start: Float64Array, parameters: Float64Array): Orbit {
  const design: Direction = { v: [0, 0], q: parameters.map((_, k) => k === 0 ? 1 : 0) };
  const { slope } = round(problem, start, parameters, design);
  const [a, b] = solve(columns(problem, start, parameters), slope.map((x) => -x));
  const v = Float64Array.from(design.v);
  const q = Float64Array.from(design.q);
  move(v, q, a, problem.unknowns[0]);
  move(v, q, b, problem.unknowns[1]);
  const { average, sensitivity } = round(problem, start, parameters, { v, q });
  return { start, startSlope: v, parameters, parameterSlopes: q, average, sensitivity };
}

/** One round from a start, with the tangent along a direction. */
function round(
  { field, duration, observed }: OrbitProblem,
  start: Float64Array,
  parameters: Float64Array,
  along: Direction,
): { end: Float64Array; slope: Float64Array; average: number; sensitivity: number } {
  const dt = duration / STEPS;
  const { step, tangentStep } = differentiableRungeKutta(field, rk4Tableau, dt);
  const [u, v, q] = [start.slice(), Float64Array.from(along.v), Float64Array.from(along.q)];
  let [average, sensitivity] = [0, 0];
  for (let n = 0; n < STEPS; n++) {
    average += u[observed]! ** 2 / STEPS;
    sensitivity += 2 * u[observed]! * v[observed]! / STEPS;
    tangentStep(n * dt, u, parameters, v, q);
    step(n * dt, u, parameters);
  }
  return { end: u, slope: v, average, sensitivity };
}

/** Derivatives of u(duration) − u(0) in the two unknowns. */
function columns(
  problem: OrbitProblem,
  start: Float64Array,
  parameters: Float64Array,
): [Float64Array, Float64Array] {
  const column = (d: Direction): Float64Array =>
    round(problem, start, parameters, d).slope.map((x, k) => x - d.v[k]!);
  return [column(problem.unknowns[0]), column(problem.unknowns[1])];
}

/** The solution of a 2×2 system by Cramer's rule. */
function solve([p, q]: [Float64Array, Float64Array], rhs: Float64Array): [number, number] {
  const determinant = p[0]! * q[1]! - q[0]! * p[1]!;
  return [
    (rhs[0]! * q[1]! - q[0]! * rhs[1]!) / determinant,
    (p[0]! * rhs[1]! - rhs[0]! * p[1]!) / determinant,
  ];
}

function move(start: Float64Array, parameters: Float64Array, length: number, d: Direction): void {
  for (let k = 0; k < start.length; k++) start[k]! += length * d.v[k]!;
  for (let k = 0; k < parameters.length; k++) parameters[k]! += length * d.q[k]!;
}

/** The field T f(u, p) in the time t/T, with T as the last parameter; f may not depend on time. */
export function inPeriods(field: DifferentiableField): DifferentiableField {
  const slope = new Float64Array(field.size);
  const scaled = new Float64Array(field.size);
  const last = field.parameters;
  return {
    size: field.size,
    parameters: last + 1,
    value(t, u, p, out) {
      field.value(t, u, p, out);
      for (let i = 0; i < out.length; i++) out[i]! *= p[last]!;
    },
    tangent(t, u, p, v, q, out) {
      field.tangent(t, u, p, v, q, out);
      field.value(t, u, p, slope);
      for (let i = 0; i < out.length; i++) out[i] = p[last]! * out[i]! + q[last]! * slope[i]!;
    },
    adjoint(t, u, p, lambda, toState, toParameters) {
      for (let i = 0; i < scaled.length; i++) scaled[i] = p[last]! * lambda[i]!;
      field.adjoint(t, u, p, scaled, toState, toParameters);
      field.value(t, u, p, slope);
      toParameters[last]! += lambda.reduce((sum, x, i) => sum + x * slope[i]!, 0);
    },
  };
}
