/**
 * Windowed averages while a simulation runs, without its history.
 *
 * @module
 */

import { checkFinite, checkInteger } from "../checks.ts";
import { checkCount, nominalSum, sampleWeight, type SampleWeightOptions } from "./mean.ts";
import type { TimeWindow } from "./window.ts";

/** Options of {@linkcode StreamingMean}. */
export interface StreamingOptions extends SampleWeightOptions {
  /** Number of samples under the window. */
  readonly horizon: number;
  /** Samples to let pass before the window begins; default 0. */
  readonly skip?: number;
  /** Number of outputs averaged at once; default 1. */
  readonly outputs?: number;
}

/** Everything that a running average knows, as a plain record that survives JSON. */
export interface StreamingState {
  /** Samples seen, those before the window included. */
  readonly seen: number;
  /** Sum of the weights so far. */
  readonly weight: number;
  /** Weighted sum of each output. */
  readonly sums: readonly number[];
  /** What rounding has taken from each sum. */
  readonly lost: readonly number[];
}

/**
 * Windowed average over a horizon that is fixed beforehand: two numbers of memory per output.
 *
 * Sums are compensated (Kahan's method as improved by Neumaier), so that the result does not
 * depend on how long the horizon is.
 *
 * @example The average is there when the horizon is reached
 * ```ts
 * import { hannWindow, StreamingMean, windowedMean } from "@rankflow/rankflow/core";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const running = new StreamingMean(hannWindow, { horizon: 5, skip: 1 });
 * const series = [7, 1, 2, 4, 8, 16];
 * for (const g of series.slice(0, 5)) running.add(g);
 * assertEquals(running.mean, undefined);
 * running.add(16);
 * assertAlmostEquals(running.mean!, windowedMean(series, hannWindow, { start: 1 }), 1e-14);
 * ```
 */
export class StreamingMean {
  readonly #window: TimeWindow;
  readonly #options: Required<StreamingOptions>;
  #seen = 0;
  #weight = 0;
  readonly #sums: Float64Array;
  readonly #lost: Float64Array;

  /**
   * Begins an average, or goes on with one.
   *
   * @param state What `state()` returned before; default: a new average.
   * @throws {RangeError} When a count is not a positive whole number.
   */
  constructor(window: TimeWindow, options: StreamingOptions, state?: StreamingState) {
    this.#window = window;
    this.#options = { skip: 0, outputs: 1, normalised: true, rule: "sum", ...options };
    checkCount(this.#options.horizon);
    checkCount(this.#options.outputs);
    checkInteger("average", "skip", this.#options.skip, { least: 0 });
    this.#seen = state?.seen ?? 0;
    this.#weight = state?.weight ?? 0;
    this.#sums = Float64Array.from(state?.sums ?? new Float64Array(this.#options.outputs));
    this.#lost = Float64Array.from(state?.lost ?? new Float64Array(this.#options.outputs));
  }

  /** Whether the horizon is reached; further samples change nothing. */
  get done(): boolean {
    return this.#seen >= this.#options.skip + this.#options.horizon;
  }

  /** The average of the first output; undefined before the horizon is reached. */
  get mean(): number | undefined {
    return this.means?.[0];
  }

  /** The average of every output; undefined before the horizon is reached. */
  get means(): Float64Array | undefined {
    if (!this.done) return undefined;
    const { normalised, horizon, rule } = this.#options;
    const total = normalised ? this.#weight : nominalSum(horizon, rule);
    return this.#sums.map((sum, k) => (sum + this.#lost[k]!) / total);
  }

  /**
   * Takes the next sample.
   *
   * @param values One number per output.
   * @throws {RangeError} When there are more or fewer numbers than outputs.
   * @throws {NonFiniteError} When one is not finite: the simulation has diverged.
   */
  add(...values: readonly number[]): void {
    if (values.length !== this.#sums.length) {
      throw new RangeError(
        `Cannot add a sample: expected ${this.#sums.length} outputs, got ${values.length}`,
      );
    }
    const index = this.#seen - this.#options.skip;
    if (this.done) return;
    this.#seen++;
    if (index < 0) return;
    checkFinite(`average sample ${index}`, "its outputs", values);
    const weight = this.#weightOf(index);
    this.#weight += weight;
    for (const [k, value] of values.entries()) this.#accumulate(k, weight * value);
  }

  /** Everything it knows. */
  state(): StreamingState {
    return {
      seen: this.#seen,
      weight: this.#weight,
      sums: [...this.#sums],
      lost: [...this.#lost],
    };
  }

  #weightOf(index: number): number {
    const { horizon, rule } = this.#options;
    const end = horizon > 1 && (index === 0 || index === horizon - 1);
    return sampleWeight(this.#window, index, horizon) * (rule === "trapezoid" && end ? 0.5 : 1);
  }

  /** Adds a term and keeps what rounding takes from the smaller of the two. */
  #accumulate(k: number, term: number): void {
    const before = this.#sums[k]!;
    const after = before + term;
    this.#sums[k] = after;
    const larger = Math.abs(before) >= Math.abs(term);
    this.#lost[k]! += larger ? (before - after) + term : (term - after) + before;
  }
}
