/**
 * Windowed averages of sampled series and of functions, and the weights behind them.
 *
 * @module
 */

import { checkFinite, checkInteger, checkNumber } from "../checks.ts";
import { integrateOver } from "./quadrature.ts";
import type { TimeWindow } from "./window.ts";

/** Options of {@linkcode windowWeights}. */
export interface SampleWeightOptions {
  /**
   * Whether the weights are scaled to sum 1, so that constants are averaged exactly; default true.
   * Where false they are w(i / (N − 1)) / N as in SU2, whose sum is 1 − 1/N for Hann windows; with
   * the trapezoidal rule, w(i / (N − 1)) / (N − 1).
   */
  readonly normalised?: boolean;
  /**
   * Whether the two end samples count like the others, "sum", or half, "trapezoid", as in the
   * integral over the time between the first and the last sample; default "sum". Windows that
   * vanish at the ends make no difference.
   */
  readonly rule?: "sum" | "trapezoid";
}

/** Options of {@linkcode windowSeeds} and {@linkcode windowedMean}. */
export interface SpanOptions extends SampleWeightOptions {
  /** Time at which the window begins; earlier samples do not count. Default 0. */
  readonly start?: number;
  /** Time between samples, of which the first is at time 0; default 1. */
  readonly dt?: number;
}

/**
 * The discrete form of a window: the factor of each of `count` equidistant samples in the average.
 *
 * @param count Number of samples, at least 1. With fewer than 3, windows that vanish at both ends
 * have no weight left, and all samples count the same.
 * @returns Weights, length `count`.
 * @throws {RangeError} When `count` is not a positive whole number.
 */
export function windowWeights(
  window: TimeWindow,
  count: number,
  options: SampleWeightOptions = {},
): Float64Array {
  checkCount(count);
  const { normalised = true, rule = "sum" } = options;
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) weights[i] = sampleWeight(window, i, count);
  if (rule === "trapezoid" && count > 1) {
    weights[0]! /= 2;
    weights[count - 1]! /= 2;
  }
  const sum = weights.reduce((a, b) => a + b, 0);
  const total = normalised ? sum : nominalSum(count, rule);
  return weights.map((w) => w / total);
}

/** What the sum of the weights is divided by where it is not their own. */
export function nominalSum(count: number, rule: "sum" | "trapezoid"): number {
  return rule === "sum" ? count : Math.max(1, count - 1);
}

/** w(i / (N − 1)), and 1 where N is too small for the window to have any weight. */
export function sampleWeight(window: TimeWindow, index: number, count: number): number {
  if (count < 3) return 1;
  const weight = window.weight(index / (count - 1));
  return checkNumber(`weight samples by window "${window.name}"`, "a weight", weight, { least: 0 });
}

/** Refuses what is no number of samples. */
export function checkCount(count: number): void {
  checkInteger("weight samples", "their number", count);
}

/**
 * What each of `samples` samples contributes to the windowed average: zeros before the start, then
 * the weights. The average of a series g is Σ seedₙ gₙ, so these are the seeds of an adjoint sweep
 * over the simulation that made the series.
 *
 * @param samples Length of the whole series.
 * @returns Seeds, length `samples`.
 * @throws {RangeError} When the window begins after the last sample.
 *
 * @example The average is the product with the seeds
 * ```ts
 * import { hannWindow, windowedMean, windowSeeds } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const series = [9, 9, 1, 2, 3, 4, 5];
 * const seeds = windowSeeds(hannWindow, series.length, { start: 2 });
 * const product = series.reduce((sum, g, n) => sum + seeds[n]! * g, 0);
 * assertAlmostEquals(product, windowedMean(series, hannWindow, { start: 2 }), 1e-15);
 * assertAlmostEquals(product, 3, 1e-15);
 * ```
 */
export function windowSeeds(
  window: TimeWindow,
  samples: number,
  options: SpanOptions = {},
): Float64Array {
  checkCount(samples);
  const first = firstSample(options);
  if (first >= samples) {
    throw new RangeError(
      `Cannot average ${samples} samples from sample ${first} on: ` +
        "let the window begin before the last sample",
    );
  }
  const seeds = new Float64Array(samples);
  seeds.set(windowWeights(window, samples - first, options), first);
  return seeds;
}

/** Number of the first sample at or after the start. */
export function firstSample({ start = 0, dt = 1 }: SpanOptions): number {
  checkNumber("place a window", "start", start, { least: 0 });
  checkNumber("place a window", "dt", dt, { above: 0 });
  // Times are often multiples of the step up to round-off.
  return Math.ceil(start / dt - 1e-9);
}

/**
 * Windowed average of a series, from the start to its last sample.
 *
 * The series of the derivatives of an output in a design parameter gives the derivative of the
 * average: the forward counterpart of seeding an adjoint with {@linkcode windowSeeds}.
 *
 * @param series Samples at equal distances.
 * @throws {RangeError} When the window begins after the last sample.
 * @throws {NonFiniteError} When a sample is not finite: the simulation has diverged.
 */
export function windowedMean(
  series: ArrayLike<number>,
  window: TimeWindow,
  options: SpanOptions = {},
): number {
  const seeds = windowSeeds(window, series.length, options);
  let sum = 0;
  for (let n = 0; n < seeds.length; n++) {
    if (seeds[n] !== 0) sum += seeds[n]! * series[n]!;
  }
  if (!Number.isFinite(sum)) checkFinite("average a series", "it", series);
  return sum;
}

/** Options of {@linkcode windowedAverage}. */
export interface AverageOptions {
  /** Begin of the window; default 0. */
  readonly start?: number;
  /** Length M of the window, positive. */
  readonly length: number;
  /** Panels of 40 Gauss-Legendre nodes; default 8. Two per period reach round-off. */
  readonly panels?: number;
}

/**
 * Windowed average of a function of time: (1/M) ∫ w((t − start)/M) g(t) dt.
 *
 * @param g The function, smooth.
 * @throws {RangeError} When the length is not positive.
 */
export function windowedAverage(
  g: (t: number) => number,
  window: TimeWindow,
  { start = 0, length, panels = 8 }: AverageOptions,
): number {
  checkNumber("average over time", "length", length, { above: 0 });
  checkNumber("average over time", "start", start);
  return integrateOver((tau) => window.weight(tau) * g(start + tau * length), 0, 1, panels);
}
