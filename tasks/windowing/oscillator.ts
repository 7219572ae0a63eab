/**
 * Oscillators that are stepped in time: samples of an output with its tangent, and the adjoint.
 *
 * @module
 */

import {
  arrayKeeper,
  type DifferentiableField,
  differentiableRungeKutta,
  type DifferentiableStep,
  rk4Tableau,
  type TimeWindow,
  weightedOutputAdjoint,
  windowedMean,
  windowWeights,
} from "../../core/mod.ts";
import type { AdjointCheck, OpenUnsteadyProblem, OutputSeries } from "./problem.ts";

/** An oscillator with one design parameter; its output is the square of a component. */
export interface Oscillator {
  /** Right-hand side with two components and the design as its parameter. */
  readonly field: DifferentiableField;
  /** The design. */
  readonly design: number;
  /** A state on the periodic solution. */
  readonly onCycle: ArrayLike<number>;
  /** The derivative of that state in the design. */
  readonly onCycleSlope: ArrayLike<number>;
  /** A state off the periodic solution, at which transients start at any design. */
  readonly offCycle: ArrayLike<number>;
  /** Component whose square is the output. */
  readonly observed: number;
  /** Period of the state. */
  readonly period: number;
  /** Average of the output over a period. */
  readonly average: number;
  /** Its derivative in the design. */
  readonly sensitivity: number;
}

/** Steps per period: errors of the fourth-order method are near round-off. */
const STEPS = 4000;
/** Steps per sample: 200 samples per period. */
const STRIDE = 20;

/** How an oscillator is stepped. */
interface Run {
  /** The oscillator. */
  readonly oscillator: Oscillator;
  /** Step size. */
  readonly dt: number;
  /** Steps before the first sample. */
  readonly before: number;
  /** The step and its derivatives. */
  readonly method: DifferentiableStep;
  /** State at the start. */
  readonly start: Float64Array;
  /** Its derivative in the design. */
  readonly startSlope: Float64Array;
}

/**
 * Prepares an oscillator for sampling.
 *
 * @param transient Periods to let pass from a start off the cycle; 0 starts on it.
 */
export function openOscillator(oscillator: Oscillator, transient: number): OpenUnsteadyProblem {
  const { period, average, sensitivity, field } = oscillator;
  const dt = period / STEPS;
  const { onCycle, onCycleSlope, offCycle } = oscillator;
  const run: Run = {
    oscillator,
    dt,
    before: Math.round(transient * STEPS),
    method: differentiableRungeKutta(field, rk4Tableau, dt),
    start: Float64Array.from(transient > 0 ? offCycle : onCycle),
    startSlope: transient > 0 ? new Float64Array(field.size) : Float64Array.from(onCycleSlope),
  };
  return {
    period,
    average,
    sensitivity,
    series: (periods) => sample(run, periods),
    checkAdjoint: (window, periods, snapshots) => checkAdjoint(run, window, periods, snapshots),
  };
}

/** Numbers of samples in a length. */
function samplesIn(periods: number): number {
  return Math.ceil(periods * STEPS / STRIDE) + 1;
}

function sample(run: Run, periods: number): OutputSeries {
  const { dt, before, method } = run;
  const { design, observed } = run.oscillator;
  const count = samplesIn(periods);
  const [outputs, tangents] = [new Float64Array(count), new Float64Array(count)];
  const [u, v] = [run.start.slice(), run.startSlope.slice()];
  const [p, q] = [Float64Array.of(design), Float64Array.of(1)];
  for (let n = 0; n <= before + (count - 1) * STRIDE; n++) {
    const k = (n - before) / STRIDE;
    if (k >= 0 && Number.isInteger(k)) {
      outputs[k] = u[observed]! ** 2;
      tangents[k] = 2 * u[observed]! * v[observed]!;
    }
    method.tangentStep(n * dt, u, p, v, q);
    method.step(n * dt, u, p);
  }
  return { dt: STRIDE * dt, outputs, tangents };
}

/** The derivative of the windowed average by the adjoint, from the start of the transient on. */
async function checkAdjoint(
  run: Run,
  window: TimeWindow,
  periods: number,
  snapshots: number,
): Promise<AdjointCheck> {
  const { dt, before, method, start, startSlope } = run;
  const { design, observed } = run.oscillator;
  const count = samplesIn(periods);
  const steps = before + (count - 1) * STRIDE;
  const seeds = new Float64Array(steps + 1);
  windowWeights(window, count).forEach((w, k) => seeds[before + k * STRIDE] = w);
  const p = Float64Array.of(design);
  const { adjoint, forwardSteps, peakSnapshots } = await weightedOutputAdjoint({
    steps,
    seeds,
    snapshots,
    initial: start.slice(),
    keeper: arrayKeeper<Float64Array>(),
    step: (u, n) => method.step(n * dt, u, p),
    output: (u) => u[observed]! ** 2,
    zero: { lambda: new Float64Array(start.length), gradient: new Float64Array(1) },
    addOutput: (u, _n, seed, a) => {
      a.lambda[observed]! += 2 * seed * u[observed]!;
      return a;
    },
    adjointStep: (u, n, a) => {
      method.adjointStep(n * dt, u, p, a.lambda, a.gradient);
      return a;
    },
  });
  const tangent = windowedMean(sample(run, periods).tangents, window);
  const throughStart = adjoint.lambda.reduce((sum, x, k) => sum + x * startSlope[k]!, 0);
  return {
    adjoint: adjoint.gradient[0]! + throughStart,
    tangent,
    steps,
    forwardSteps,
    peakSnapshots,
  };
}
