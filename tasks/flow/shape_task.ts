/**
 * The problem that a search solves: forces of simulations, and their derivatives in the shape.
 *
 * @module
 */

import { choose, type TimeWindow, windows } from "../../core/mod.ts";
import "./bodies.ts";
import { bodies, type BodyFamily } from "./body.ts";
import { channel } from "./channel.ts";
import { vorticity } from "./fields.ts";
import { fastestKernel } from "./kernel.ts";
import "./kernels.ts";
import { flowFigures } from "./measures.ts";
import type { BoundedProblem, SearchPoint } from "./minimise.ts";
import {
  type Averaging,
  type Derivative,
  differentiate,
  type ForceHistory,
  type ForceObjective,
  meanForces,
  simulate,
} from "./objective.ts";
import type {
  DesignStep,
  FlowPicture,
  SearchProgress,
  SearchResult,
  SearchSettings,
} from "./search_records.ts";
import { FlowSolver } from "./solver.ts";

/** Bytes of a number. */
const BYTES = 8;
/** Most bytes of states in a kernel's memory, which ends at 4 GiB; more are copied elsewhere. */
const MOST_BYTES = 3 * 2 ** 30;

/** Places for states that a solver needs for sweeps over some steps; 0 where it has to copy. */
export function keptStates(memoryLimit: number, stateBytes: number, steps: number): number {
  const states = Math.min(steps, Math.floor(memoryLimit / stateBytes));
  return states * stateBytes <= MOST_BYTES ? states : 0;
}

/** Time over which the flow past the first body develops, in diameters per mean velocity. */
const DEVELOP = 60;
/** Windows whose averages the noise is measured over. */
const STARTS = 32;
/** Horizons over which the mean drag is measured that all windows are compared by. */
const LONG = 4;
/** Trials of a line search. */
const TRIALS = 4;
/** Steps of a simulation between two breaths. */
const BREATH = 400;

/** The search problem: simulations that go on from the developed flow past the present body. */
export class ShapeTask implements BoundedProblem {
  /** Parameters of the first body. */
  readonly start: Float64Array;
  /** Largest size of a parameter. */
  readonly bound: number;
  /** Largest change of a parameter in a step. */
  readonly stepLimit: number;
  /** Steps of the search. */
  readonly steps: number;
  /** Trials of a line search. */
  readonly trials: number = TRIALS;
  readonly #settings: SearchSettings;
  readonly #progress: SearchProgress;
  readonly #family: BodyFamily;
  readonly #window: TimeWindow;
  readonly #solver: FlowSolver;
  readonly #averaging: Averaging;
  readonly #objective: ForceObjective;
  /** Flow past the present body, from which simulations start. */
  #developed: Float64Array;
  #present: Float64Array;
  /** End of the last simulation and its body. */
  #candidate: { readonly x: Float64Array; readonly state: Float64Array } | undefined;
  #first: FirstGradient | undefined;
  #history: ForceHistory = { drag: new Float64Array(0), lift: new Float64Array(0) };

  /**
   * Makes the task; {@linkcode ShapeTask.develop} comes first.
   *
   * @param threads Most threads that share the steps of a simulation.
   */
  constructor(settings: SearchSettings, progress: SearchProgress, threads: number) {
    this.#settings = settings;
    this.#progress = progress;
    this.#family = choose(bodies, settings.body);
    this.#window = choose(windows, settings.window);
    this.start = Float64Array.from(settings.start);
    this.#present = this.start;
    ({ bound: this.bound, stepLimit: this.stepLimit, steps: this.steps } = settings);
    const place = channel(settings);
    const body = this.#family.create(this.start);
    const transient = Math.round(settings.transient * place.stepsPerUnit);
    const horizon = Math.round(settings.horizon * place.stepsPerUnit);
    this.#averaging = { window: this.#window, transient, horizon };
    const kept = keptStates(settings.memoryLimit, BYTES * place.grid.size, transient + horizon);
    this.#solver = new FlowSolver(place, body, fastestKernel(), threads, kept);
    this.#developed = this.#solver.state.slice();
    this.#objective = forceObjective(settings);
  }

  /** Ends the threads that help. */
  [Symbol.dispose](): void {
    this.#solver.close();
  }

  /** Lets the flow past the first body develop from the inflow profile. */
  async develop(): Promise<void> {
    this.#solver.loadInflow();
    await this.#run(DEVELOP * this.#unit, "the flow develops");
    this.#developed = this.#solver.state.slice();
  }

  /** The objective of a body, in the flow that goes on from that past the present one. */
  async value(x: Float64Array): Promise<number> {
    this.#place(x);
    const history = await this.#run(this.#total, "line search");
    this.#candidate = { x, state: this.#solver.state.slice() };
    return this.#objective.value(meanForces(history, this.#averaging));
  }

  /** The objective and its gradient; the body becomes the present one. */
  async derivative(x: Float64Array): Promise<{ value: number; gradient: Float64Array }> {
    if (this.#candidate?.x === x) this.#developed = this.#candidate.state;
    this.#present = x;
    this.#place(x);
    const derivative = await this.#differentiate();
    this.#first ??= {
      derivative,
      error: await this.#gradientError(x, derivative.gradient),
      noise: await this.#gradientNoise(x, derivative.gradient),
    };
    return derivative;
  }

  #differentiate(): Promise<Derivative> {
    return differentiate(this.#solver, this.#objective, this.#averaging, {
      memoryLimit: this.#settings.memoryLimit,
      progress: (left) => this.#progress(`gradient, ${left} steps left`),
    });
  }

  /** Measures a design from the developed flow on, for a period longer than the search does. */
  async describe(point: SearchPoint, seconds: number): Promise<DesignStep> {
    this.#place(point.x);
    const long = await this.#run(this.#total + Math.round(PERIOD * this.#unit), "noise");
    const { strouhal } = flowFigures(long, this.#averaging.transient, this.#unit);
    const { drag, lift } = meanForces(long, this.#averaging);
    const noise = this.#noise(long, strouhal > 0.1 ? this.#unit / strouhal : 0);
    const { step, value, trials, moved } = point;
    const parameters = [...point.x];
    return { step, parameters, value, drag, lift, noise, strouhal, trials, moved, seconds };
  }

  /** Standard deviation of the average over windows that start within one period. */
  #noise({ drag, lift }: ForceHistory, period: number): number {
    const room = drag.length - this.#total;
    const span = period > 0 ? Math.min(period, room) : room;
    const means = Array.from({ length: STARTS }, (_, k) => {
      const first = Math.round(span * k / STARTS);
      const late = { drag: drag.subarray(first), lift: lift.subarray(first) };
      return meanForces(late, this.#averaging).drag;
    });
    const middle = means.reduce((a, b) => a + b, 0) / STARTS;
    return Math.sqrt(means.reduce((sum, m) => sum + (m - middle) ** 2, 0) / STARTS);
  }

  /** Mean drag of the present body over a long time, by the smoothest window. */
  async longDrag(): Promise<number> {
    this.#place(this.#present);
    const { transient, horizon } = this.#averaging;
    const averaging = { window: windows.get("bump"), transient, horizon: LONG * horizon };
    this.#history = await this.#run(transient + LONG * horizon, "long average");
    return meanForces(this.#history, averaging).drag;
  }

  /** What the last simulation looks like. */
  picture(): FlowPicture {
    const { width, height, values } = vorticity(this.#solver.channel, this.#solver.state);
    const every = Math.ceil(this.#unit / 20);
    const thin = (f: Float64Array): Float64Array => f.filter((_, n) => n % every === 0);
    return {
      width,
      height,
      vorticity: Float32Array.from(values),
      interval: every / this.#unit,
      drag: thin(this.#history.drag),
      lift: thin(this.#history.lift),
    };
  }

  /** What the first derivative took and how exact it was. */
  costs(): Pick<
    SearchResult,
    "gradientError" | "gradientNoise" | "steps" | "forwardSteps" | "peakSnapshots" | "stateBytes"
  > {
    const { derivative, error, noise } = this.#first!;
    return {
      gradientError: error,
      gradientNoise: noise,
      steps: this.#total,
      forwardSteps: derivative.forwardSteps,
      peakSnapshots: derivative.peakSnapshots,
      stateBytes: this.#developed.byteLength,
    };
  }

  /** Central differences of the objective along the gradient, beside its length. */
  async #gradientError(x: Float64Array, gradient: Float64Array): Promise<number> {
    const length = Math.hypot(...gradient);
    const values: number[] = [];
    for (const h of [PROBE, -PROBE]) {
      this.#place(x.map((v, k) => v + h * gradient[k]! / length));
      const history = await this.#run(this.#total, "gradient check");
      values.push(this.#objective.value(meanForces(history, this.#averaging)));
    }
    return Math.abs((values[0]! - values[1]!) / (2 * PROBE) / length - 1);
  }

  /** Relative change of a gradient as the start of the simulation moves. */
  async #gradientNoise(x: Float64Array, gradient: Float64Array): Promise<number> {
    this.#place(x);
    await this.#run(LATER * this.#unit, "gradient noise");
    const later = (await this.#differentiate()).gradient;
    return Math.hypot(...later.map((v, k) => v - gradient[k]!)) / Math.hypot(...gradient);
  }

  get #unit(): number {
    return this.#solver.channel.stepsPerUnit;
  }

  get #total(): number {
    return this.#averaging.transient + this.#averaging.horizon;
  }

  #place(x: Float64Array): void {
    this.#solver.replace(this.#family.create(x));
    this.#solver.load(this.#developed);
  }

  /** Simulates in parts, such that others are heard in between. */
  async #run(steps: number, label: string): Promise<ForceHistory> {
    const drag = new Float64Array(Math.round(steps));
    const lift = new Float64Array(drag.length);
    for (let n = 0; n < drag.length; n += BREATH) {
      const part = simulate(this.#solver, Math.min(BREATH, drag.length - n));
      drag.set(part.drag, n);
      lift.set(part.lift, n);
      await this.#progress(label);
    }
    return { drag, lift };
  }
}

/** How a gradient was checked. */
interface FirstGradient {
  readonly derivative: Derivative;
  readonly error: number;
  readonly noise: number;
}

/** A quarter of a shedding period of the circle, in diameters per mean velocity. */
const LATER = 0.83;
/** Longest shedding period that the noise is measured over, in diameters per mean velocity. */
const PERIOD = 5;
/** Step of the central differences that check a gradient. */
const PROBE = 1e-5;

/** Mean drag, and the penalty of missing mean lift. */
function forceObjective({ minLift, liftWeight }: SearchSettings): ForceObjective {
  const missing = (lift: number): number => Math.max(0, minLift - lift);
  return {
    value: ({ drag, lift }) => drag + liftWeight * missing(lift) ** 2,
    slopes: ({ lift }) => ({ drag: 1, lift: -2 * liftWeight * missing(lift) }),
  };
}
