/**
 * When to stop a simulation: has its windowed average settled?
 *
 * @module
 */

import { checkInteger, checkNumber, NonFiniteError } from "../checks.ts";
import { windowedMean } from "./mean.ts";
import type { TimeWindow } from "./window.ts";

/** Options of {@linkcode ConvergenceMonitor}. */
export interface MonitorOptions {
  /**
   * How far the averages over the last horizons may lie apart, relative to the larger of their size
   * and the amplitude of the signal.
   */
  readonly tolerance: number;
  /** Samples to let pass before the window begins; default 0. */
  readonly skip?: number;
  /**
   * Samples under the first window that is looked at; default 32. Choose a good part of the longest
   * period that may come: a signal that has not moved yet may pass for a steady one.
   */
  readonly firstHorizon?: number;
  /** Factor from one horizon to the next; default 1.1. */
  readonly growth?: number;
  /** Averages that have to agree; default 8: over horizons that differ by a factor of two. */
  readonly checks?: number;
  /**
   * Oscillations about the average that have to be under the window, unless the signal is steady:
   * within the tolerance, and not moving more and more; default 3. Without them a stretch of one
   * long period looks settled.
   */
  readonly cycles?: number;
}

/** One look at the series. */
export interface MonitorCheck {
  /** Samples under the window. */
  readonly horizon: number;
  /** The windowed average over them. */
  readonly mean: number;
}

/**
 * Watches a series and tells when its windowed average has settled.
 *
 * The Cauchy criterion on averages over horizons that grow geometrically: neighbouring horizons
 * differ by many samples and by no multiple of a period, so that neither slow drift nor a chance
 * agreement at full periods passes for convergence, whatever the period is. It keeps the series; a
 * sample costs on average growth / (growth − 1) weights.
 *
 * @example Stopping when the average of a wave has settled
 * ```ts
 * import { ConvergenceMonitor, hannSquareWindow } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const monitor = new ConvergenceMonitor(hannSquareWindow, { tolerance: 1e-4 });
 * for (let n = 0; !monitor.add(3 + Math.sin(0.1 * n)); n++);
 * assertAlmostEquals(monitor.mean!, 3, 3e-4);
 * ```
 */
export class ConvergenceMonitor {
  readonly #window: TimeWindow;
  readonly #options: Required<MonitorOptions>;
  readonly #series: number[] = [];
  readonly #history: MonitorCheck[] = [];
  #passed = 0;
  #next: number;
  #converged = false;

  /**
   * Begins to watch.
   *
   * @throws {RangeError} When an option is out of its range.
   */
  constructor(window: TimeWindow, options: MonitorOptions) {
    const defaults = { skip: 0, firstHorizon: 32, growth: 1.1, checks: 8, cycles: 3 };
    this.#window = window;
    this.#options = { ...defaults, ...options };
    checkOptions(this.#options);
    this.#next = this.#options.firstHorizon;
  }

  /** Whether the average has settled. */
  get converged(): boolean {
    return this.#converged;
  }

  /** The windowed average over the last horizon; undefined before the first. */
  get mean(): number | undefined {
    return this.#history.at(-1)?.mean;
  }

  /** Every horizon looked at with its average. */
  get history(): readonly MonitorCheck[] {
    return this.#history;
  }

  /**
   * Takes the next sample.
   *
   * @param value A finite number.
   * @returns Whether the average has settled.
   * @throws {NonFiniteError} When the sample is not finite: the simulation has diverged.
   */
  add(value: number): boolean {
    if (!Number.isFinite(value)) {
      throw new NonFiniteError(
        `Cannot monitor a series: expected finite samples, got ${value} at sample ` +
          `${this.#passed + this.#series.length}; the simulation has diverged`,
      );
    }
    if (this.#passed < this.#options.skip) {
      this.#passed++;
      return false;
    }
    this.#series.push(value);
    if (this.#series.length === this.#next) this.#look();
    return this.#converged;
  }

  #look(): void {
    const horizon = this.#series.length;
    this.#history.push({ horizon, mean: windowedMean(this.#series, this.#window) });
    this.#next = Math.max(horizon + 1, Math.round(horizon * this.#options.growth));
    this.#converged = this.#settled();
  }

  #settled(): boolean {
    const { tolerance, checks, cycles } = this.#options;
    const last = this.#history.slice(-checks).map((c) => c.mean);
    if (last.length < checks) return false;
    const [low, high] = [Math.min(...last), Math.max(...last)];
    const amplitude = range(this.#series) / 2;
    const allowed = tolerance * Math.max(Math.abs(low), Math.abs(high), amplitude);
    if (high - low > allowed) return false;
    return amplitude <= allowed && !grows(this.#series) ||
      crossings(this.#series, last.at(-1)!) >= cycles;
  }
}

/** Highest minus lowest value. */
function range(series: readonly number[]): number {
  let [low, high] = [Infinity, -Infinity];
  for (const x of series) {
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  return high - low;
}

/** Whether the second half of a series varies more than the first, as near the top of a wave. */
function grows(series: readonly number[]): boolean {
  const half = series.length >> 1;
  return range(series.slice(half)) > range(series.slice(0, half));
}

/** How often a series passes a level upwards. */
function crossings(series: readonly number[], level: number): number {
  let count = 0;
  for (let i = 1; i < series.length; i++) {
    if (series[i - 1]! < level && series[i]! >= level) count++;
  }
  return count;
}

function checkOptions(o: Required<MonitorOptions>): void {
  const action = "monitor convergence";
  const least = { skip: 0, firstHorizon: 3, checks: 2, cycles: 0 } as const;
  for (const [name, n] of Object.entries(least)) {
    checkInteger(action, name, o[name as keyof typeof least], { least: n });
  }
  checkNumber(action, "tolerance", o.tolerance, { above: 0 });
  // An infinite one would never look again.
  checkNumber(action, "growth", o.growth, { above: 1 });
}
