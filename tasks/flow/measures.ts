/**
 * What a periodic flow is judged by: frequency, extremes and averages of its forces.
 *
 * @module
 */

import { aNumber, aRecord, type Expectation, optional } from "../../core/mod.ts";
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
  /**
   * Pressure difference between the front and the back of the body in ρ U², half a period after the
   * largest lift, averaged over the periods; of a steady flow its mean. Absent where nobody looked.
   */
  readonly pressureDrop?: number;
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

/** {@linkcode GridResult} as a file must hold it. */
export const gridResult: Expectation<GridResult> = aRecord<GridResult>({
  resolution: aNumber,
  cells: aNumber,
  steps: aNumber,
  seconds: aNumber,
  figures: aRecord<FlowFigures>({
    strouhal: aNumber,
    periods: aNumber,
    dragMean: aNumber,
    dragMax: aNumber,
    dragMin: aNumber,
    liftMean: aNumber,
    liftMax: aNumber,
    liftMin: aNumber,
    pressureDrop: optional(aNumber),
  }),
});

/**
 * Measures the end of a history, over whole periods of the lift; over all of it where the flow is
 * steady, whose Strouhal number is 0.
 *
 * @param history Forces, step by step.
 * @param first Step from which on the flow counts as periodic.
 * @param stepsPerUnit Steps in the time that the mean flow needs for one diameter.
 * @param pressure Pressure difference between front and back, step by step.
 * @throws {Error} When the forces are not finite.
 */
export function flowFigures(
  { drag, lift }: ForceHistory,
  first: number,
  stepsPerUnit: number,
  pressure?: Float64Array,
): FlowFigures {
  if (!Number.isFinite(drag.at(-1)!)) {
    throw new Error(
      "Cannot measure the flow: expected finite forces, got a flow that has grown without limit; " +
        "raise the resolution",
    );
  }
  const crossings = upwardCrossings(lift, first);
  const periods = Math.max(0, crossings.length - 1);
  const [begin, end] = periods > 0 ? [crossings[0]!, crossings.at(-1)!] : [first, drag.length];
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
    ...(pressure && {
      pressureDrop: periods > 0
        ? mean(afterHalfPeriods(pressure, lift, crossings))
        : mean(pressure.subarray(first)),
    }),
  };
}

/** A series half a period after the largest lift of each period. */
function afterHalfPeriods(
  series: Float64Array,
  lift: Float64Array,
  crossings: readonly number[],
): Float64Array {
  const periods = crossings.length - 1;
  const half = (crossings.at(-1)! - crossings[0]!) / periods / 2;
  return Float64Array.from(crossings.slice(0, periods), (begin, k) => {
    const [from, to] = [Math.ceil(begin), Math.ceil(crossings[k + 1]!)];
    const swing = lift.subarray(from, to);
    const peak = from + swing.indexOf(largest(swing));
    return series[Math.min(Math.round(peak + half), series.length - 1)]!;
  });
}

/** Lift that swings by less belongs to a steady flow. */
const STEADY = 1e-4;

/** Times at which a series rises through its mean, between steps; none where it is steady. */
function upwardCrossings(series: Float64Array, first: number): number[] {
  const end = series.subarray(first);
  if (largest(end) + largest(end.map((v) => -v)) < STEADY) return [];
  const level = mean(end);
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
