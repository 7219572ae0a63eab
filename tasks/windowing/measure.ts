/**
 * Errors of windowed averages and sensitivities over the length of the window, and the orders that
 * they show.
 *
 * @module
 */

import {
  aNumber,
  aRecord,
  aText,
  ConvergenceMonitor,
  type Expectation,
  orNull,
  someOf,
  type TimeWindow,
  windowWeights,
} from "../../core/mod.ts";
import type { OpenUnsteadyProblem, OutputSeries } from "./problem.ts";

/** What a window stopped at when its average was watched. */
export interface StoppedAt {
  /** Length in periods. */
  readonly periods: number;
  /** |J_w − J| there. */
  readonly error: number;
}

/** What one window reached on one system. */
export interface WindowCurve {
  /** Choice of the window. */
  readonly window: string;
  /** Order of averages that theory promises; null where it is faster than any power. */
  readonly order: number | null;
  /** Largest |J_w − J| over the lengths of each bin. */
  readonly average: readonly number[];
  /** Largest |dJ_w/dσ − dJ/dσ| over the lengths of each bin. */
  readonly sensitivity: readonly number[];
  /** Where a monitor of the average would have stopped; null where it went on to the end. */
  readonly stop: StoppedAt | null;
}

/** {@linkcode WindowCurve} as a file must hold it. */
export const windowCurve: Expectation<WindowCurve> = aRecord<WindowCurve>({
  window: aText,
  order: orNull(aNumber),
  average: someOf(aNumber),
  sensitivity: someOf(aNumber),
  stop: orNull(aRecord<StoppedAt>({ periods: aNumber, error: aNumber })),
});

/** What all windows reached on one system; plain data for summary.json. */
export interface UnsteadyResult {
  /** Registry name of the system. */
  readonly problem: string;
  /** Its period. */
  readonly period: number;
  /** J. */
  readonly average: number;
  /** dJ/dσ. */
  readonly sensitivity: number;
  /** Beginnings P of the bins [P, P + 1], in periods, ascending. */
  readonly periods: readonly number[];
  /** By window, in the order of the registry. */
  readonly curves: readonly WindowCurve[];
}

/** Lengths tried in each bin: the period is not known, so the worst length counts. */
const LENGTHS = 24;

/** Errors below this share of the size of the signal may be round-off or error of the reference. */
const FLOOR = 1e-11;

/**
 * Beginnings of bins, four to a factor of two, from 4 periods on.
 *
 * @param last The last one, a whole number of at least 8.
 */
export function binsUpTo(last: number): number[] {
  const count = Math.round(4 * Math.log2(last / 4));
  const bins = Array.from(
    { length: count + 1 },
    (_, i) => Math.round(4 * (last / 4) ** (i / count)),
  );
  return [...new Set(bins)];
}

/**
 * Measures one window.
 *
 * @param series Samples that reach one period beyond the last bin.
 * @param tolerance Of the monitor that decides when to stop.
 */
export function measureWindow(
  open: OpenUnsteadyProblem,
  series: OutputSeries,
  window: TimeWindow,
  periods: readonly number[],
  tolerance: number,
): WindowCurve {
  const worst = periods.map((p) => worstIn(open, series, window, p));
  return {
    window: window.name,
    order: Number.isFinite(window.order) ? window.order : null,
    average: worst.map(([average]) => average),
    sensitivity: worst.map(([, sensitivity]) => sensitivity),
    stop: stopOf(open, series, window, tolerance),
  };
}

/** Largest errors of average and sensitivity over lengths in [p, p + 1] periods. */
function worstIn(
  open: OpenUnsteadyProblem,
  { dt, outputs, tangents }: OutputSeries,
  window: TimeWindow,
  p: number,
): [average: number, sensitivity: number] {
  let [average, sensitivity] = [0, 0];
  for (let i = 0; i <= LENGTHS; i++) {
    const count = Math.round((p + i / LENGTHS) * open.period / dt) + 1;
    const weights = windowWeights(window, count, { rule: "trapezoid" });
    const error = (series: Float64Array, exact: number): number =>
      Math.abs(weights.reduce((sum, w, n) => sum + w * series[n]!, 0) - exact);
    average = Math.max(average, error(outputs, open.average));
    sensitivity = Math.max(sensitivity, error(tangents, open.sensitivity));
  }
  return [average, sensitivity];
}

/** Where the monitor stops. It is not told the period. */
function stopOf(
  open: OpenUnsteadyProblem,
  { dt, outputs }: OutputSeries,
  window: TimeWindow,
  tolerance: number,
): StoppedAt | null {
  const monitor = new ConvergenceMonitor(window, { tolerance });
  const last = outputs.findIndex((g) => monitor.add(g));
  if (last < 0) return null;
  return { periods: last * dt / open.period, error: Math.abs(monitor.mean! - open.average) };
}

/** Orders that a curve shows. */
export interface MeasuredOrder {
  /** Over all bins from 8 periods on. */
  readonly overall: number;
  /** Over the first half of them. */
  readonly first: number;
  /** Over the second half: larger than the first where convergence is faster than any power. */
  readonly last: number;
}

/** Bins before this many periods are not yet where orders show. */
const FIRST_PERIODS = 8;

/**
 * The order that errors show: minus the slope of log error over log length, by least squares over
 * the bins from 8 periods on whose error is above the floor of round-off.
 *
 * @param periods Middles or beginnings of bins, ascending.
 * @param errors Error in each.
 * @param size Size of what is averaged; errors below 1e-11 of it do not count.
 * @returns Orders; undefined where fewer than four bins are left.
 */
export function observedOrder(
  periods: readonly number[],
  errors: readonly number[],
  size: number,
): MeasuredOrder | undefined {
  const points = periods
    .map((p, i) => [Math.log(p), Math.log(errors[i]!), p] as const)
    .filter(([, y, p]) => p >= FIRST_PERIODS && y > Math.log(FLOOR * size));
  if (points.length < 4) return undefined;
  const half = points.length >> 1;
  return {
    overall: -slope(points),
    first: -slope(points.slice(0, half + 1)),
    last: -slope(points.slice(half)),
  };
}

function slope(points: readonly (readonly [number, number, number])[]): number {
  const mean = (k: 0 | 1): number => points.reduce((sum, p) => sum + p[k], 0) / points.length;
  const [mx, my] = [mean(0), mean(1)];
  const over = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return over / points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}
