/**
 * What a periodic flow is judged by: frequency, extremes and averages of its forces.
 *
 * @module
 */

import type { ForceHistory } from "./objective.ts";

/** Figures of a periodic flow. */
export interface FlowFigures {
  /** Strouhal number: shedding frequency in diameters per time of the mean flow. */
  readonly strouhal: number;
  /** Shedding periods that the figures come from. */
  readonly periods: number;
  /** Mean drag coefficient over whole periods. */
  readonly dragMean: number;
  /** Largest drag coefficient. */
  readonly dragMax: number;
  /** Smallest drag coefficient. */
  readonly dragMin: number;
  /** Mean lift coefficient over whole periods. */
  readonly liftMean: number;
  /** Largest lift coefficient. */
  readonly liftMax: number;
  /** Smallest lift coefficient. */
  readonly liftMin: number;
}

/** The result on one grid. */
export interface GridResult {
  /** Cells across the diameter, as asked for. */
  readonly resolution: number;
  /** Cells of the channel. */
  readonly cells: number;
  /** Time steps. */
  readonly steps: number;
  /** Seconds that they took. */
  readonly seconds: number;
  /** What the flow is judged by. */
  readonly figures: FlowFigures;
}

/**
 * Measures the end of a history, over whole periods of the lift.
 *
 * @param history Forces, step by step.
 * @param first Step from which on the flow counts as periodic.
 * @param stepsPerUnit Steps in the time that the mean flow needs for one diameter.
 * @throws {RangeError} When there is less than one period: no shedding, or too short a time.
 */
export function flowFigures(
  { drag, lift }: ForceHistory,
  first: number,
  stepsPerUnit: number,
): FlowFigures {
  const crossings = upwardCrossings(lift, first);
  const periods = crossings.length - 1;
  if (periods < 1) {
    throw new RangeError(
      "Cannot measure the flow: expected vortex shedding over one period at least, got none; " +
        "simulate longer",
    );
  }
  const [begin, end] = [crossings[0]!, crossings.at(-1)!];
  const [d, l] = [drag, lift].map((f) => f.subarray(Math.round(begin), Math.round(end)));
  return {
    strouhal: periods * stepsPerUnit / (end - begin),
    periods,
    dragMean: mean(d!),
    dragMax: largest(d!),
    dragMin: -largest(d!.map((v) => -v)),
    liftMean: mean(l!),
    liftMax: largest(l!),
    liftMin: -largest(l!.map((v) => -v)),
  };
}

/** Times at which a series rises through its mean, between steps. */
function upwardCrossings(series: Float64Array, first: number): number[] {
  const level = mean(series.subarray(first));
  const times: number[] = [];
  for (let n = first + 1; n < series.length; n++) {
    const [before, after] = [series[n - 1]! - level, series[n]! - level];
    if (before < 0 && after >= 0) times.push(n - after / (after - before));
  }
  return times;
}

function mean(series: Float64Array): number {
  return series.reduce((a, b) => a + b, 0) / series.length;
}

function largest(series: Float64Array): number {
  return series.reduce((a, b) => Math.max(a, b), -Infinity);
}
