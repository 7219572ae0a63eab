/**
 * Searching for the shape of least averaged drag under one window.
 *
 * @module
 */

import { type TimeWindow, windows } from "../../core/mod.ts";
import "./bodies.ts";
import { bodies, type BodyFamily } from "./body.ts";
import { channel } from "./channel.ts";
import { vorticity } from "./fields.ts";
import "./kernels.ts";
import { flowFigures } from "./measures.ts";
import { type BoundedProblem, minimise, type SearchPoint } from "./minimise.ts";
import {
  type Averaging,
  type Derivative,
  differentiate,
  type ForceHistory,
  type ForceObjective,
  meanForces,
  simulate,
} from "./objective.ts";
import { FlowSolver } from "./solver.ts";

/** What decides a search, in plain values that can go to another thread. */
export interface SearchSettings {
  /** Registry name of the window. */
  readonly window: string;
  /** Registry name of the family of bodies. */
  readonly body: string;
  /** Parameters of the body where the search starts. */
  readonly start: readonly number[];
  /** Cells across the diameter. */
  readonly resolution: number;
  /** Reynolds number. */
  readonly reynolds: number;
  /** Mean velocity in cells per step. */
  readonly velocity: number;
  /** Length of the channel in diameters. */
  readonly length: number;
  /** Time from the start of a simulation to the window, in diameters per mean velocity. */
  readonly transient: number;
  /** Time under the window. */
  readonly horizon: number;
  /** Steps of the search. */
  readonly steps: number;
  /** Largest size of a parameter. */
  readonly bound: number;
  /** Largest change of a parameter in a step. */
  readonly stepLimit: number;
  /** Mean lift to have at least; only counts where `liftWeight` is positive. */
  readonly minLift: number;
  /** Weight of the squared missing lift beside the drag; 0: lift does not matter. */
  readonly liftWeight: number;
  /** Most bytes of kept states. */
  readonly memoryLimit: number;
}

/** One design of a search. */
export interface DesignStep {
  /** Steps taken. */
  readonly step: number;
  /** Parameters of the body. */
  readonly parameters: readonly number[];
  /** Objective: averaged drag, and the penalty of missing lift. */
  readonly value: number;
  /** Averaged drag coefficient. */
  readonly drag: number;
  /** Averaged lift coefficient. */
  readonly lift: number;
  /**
   * Noise of the averaged drag: its standard deviation over windows that start at times spread over
   * one shedding period, which is chance.
   */
  readonly noise: number;
  /** Strouhal number; 0 where the flow is steady. */
  readonly strouhal: number;
  /** Trials of the line search. */
  readonly trials: number;
  /** Whether the line search found a lower value. */
  readonly moved: boolean;
  /** Seconds since the search began. */
  readonly seconds: number;
}

/** What a search leaves. */
export interface SearchResult {
  /** Registry name of the window. */
  readonly window: string;
  /** Every design, the start first. */
  readonly designs: readonly DesignStep[];
  /** Mean drag of the first design over a long time, the same measure for all windows. */
  readonly dragBefore: number;
  /** Mean drag of the last design over a long time. */
  readonly dragAfter: number;
  /** Relative difference of the first gradient from central differences along itself. */
  readonly gradientError: number;
  /**
   * Noise of the first gradient: its relative change when the simulation starts about a quarter of
   * a shedding period later, half a period of the drag, which is chance.
   */
  readonly gradientNoise: number;
  /** Time steps of one simulation. */
  readonly steps: number;
  /** Time steps taken forward by one derivative, repetitions included. */
  readonly forwardSteps: number;
  /** Most states kept at a time by a derivative. */
  readonly peakSnapshots: number;
  /** Bytes of a state. */
  readonly stateBytes: number;
  /** Pictures and histories of the first and the last design. */
  readonly before: FlowPicture;
  /** Those of the last design. */
  readonly after: FlowPicture;
}

/** The look of a flow. */
export interface FlowPicture {
  /** Cells along the channel. */
  readonly width: number;
  /** Cells across the channel. */
  readonly height: number;
  /** Vorticity in mean velocities per diameter, height × width. */
  readonly vorticity: Float32Array;
  /** Time between the samples of the forces. */
  readonly interval: number;
  /** Drag coefficients. */
  readonly drag: Float64Array;
  /** Lift coefficients. */
  readonly lift: Float64Array;
}

/** Hears how far the present simulation is. */
export type SearchProgress = (label: string) => Promise<void>;

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

/** Searches; yields every design as it is found, and returns what is left at the end. */
export async function* search(
  settings: SearchSettings,
  progress: SearchProgress,
): AsyncGenerator<DesignStep, SearchResult> {
  const begin = performance.now();
  const task = new ShapeTask(settings, progress);
  await task.develop();
  const dragBefore = await task.longDrag();
  const before = task.picture();
  const designs: DesignStep[] = [];
  for await (const point of minimise(task)) {
    designs.push(await task.describe(point, (performance.now() - begin) / 1000));
    yield designs.at(-1)!;
  }
  const dragAfter = await task.longDrag();
  return {
    window: settings.window,
    designs,
    dragBefore,
    dragAfter,
    ...await task.costs(),
    before,
    after: task.picture(),
  };
}

/** The search problem: simulations that go on from the developed flow past the present body. */
class ShapeTask implements BoundedProblem {
  readonly start: Float64Array;
  readonly bound: number;
  readonly stepLimit: number;
  readonly steps: number;
  readonly trials = TRIALS;
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

  constructor(settings: SearchSettings, progress: SearchProgress) {
    this.#settings = settings;
    this.#progress = progress;
    this.#family = bodies.get(settings.body);
    this.#window = windows.get(settings.window);
    this.start = Float64Array.from(settings.start);
    this.#present = this.start;
    ({ bound: this.bound, stepLimit: this.stepLimit, steps: this.steps } = settings);
    const place = channel(settings);
    this.#solver = new FlowSolver(place, this.#family.create(this.start));
    this.#developed = this.#solver.state.slice();
    this.#averaging = {
      window: this.#window,
      transient: Math.round(settings.transient * place.stepsPerUnit),
      horizon: Math.round(settings.horizon * place.stepsPerUnit),
    };
    this.#objective = forceObjective(settings);
  }

  /** Lets the flow past the first body develop from the inflow profile. */
  async develop(): Promise<void> {
    this.#solver.loadInflow();
    await this.#run(DEVELOP * this.#unit, "the flow develops");
    this.#developed = this.#solver.state.slice();
  }

  async value(x: Float64Array): Promise<number> {
    this.#place(x);
    const history = await this.#run(this.#total, "line search");
    this.#candidate = { x, state: this.#solver.state.slice() };
    return this.#objective.value(meanForces(history, this.#averaging));
  }

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
