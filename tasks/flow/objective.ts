/**
 * Windowed averages of the forces on a body, and their derivatives in its shape.
 *
 * @module
 */

import { checkpointedAdjoint, type TimeWindow, windowSeeds } from "../../core/mod.ts";
import type { FlowSolver, Forces } from "./solver.ts";

/** Force coefficients over time, one for each step. */
export interface ForceHistory {
  /** Drag coefficients. */
  readonly drag: Float64Array;
  /** Lift coefficients. */
  readonly lift: Float64Array;
}

/** A function of the averaged forces. */
export interface ForceObjective {
  /** Its value. */
  value(mean: Forces): number;
  /** Its derivatives. */
  slopes(mean: Forces): Forces;
}

/** Over which time forces are averaged. */
export interface Averaging {
  /** Weights. */
  readonly window: TimeWindow;
  /** Steps before the window. */
  readonly transient: number;
  /** Steps under the window. */
  readonly horizon: number;
}

/** Averages of a history. */
export function meanForces(history: ForceHistory, averaging: Averaging): Forces {
  const { window, transient: start, horizon } = averaging;
  const seeds = windowSeeds(window, start + horizon, { start });
  const mean = (series: Float64Array): number =>
    seeds.reduce((sum, seed, n) => sum + seed * series[n]!, 0);
  return { drag: mean(history.drag), lift: mean(history.lift) };
}

/** Takes steps and keeps the forces. */
export function simulate(solver: FlowSolver, steps: number): ForceHistory {
  const drag = new Float64Array(steps);
  const lift = new Float64Array(steps);
  for (let n = 0; n < steps; n++) ({ drag: drag[n], lift: lift[n] } = solver.step());
  return { drag, lift };
}

/** What {@linkcode differentiate} found. */
export interface Derivative {
  /** The objective. */
  readonly value: number;
  /** The averages. */
  readonly mean: Forces;
  /** Derivatives of the objective in the parameters of the body. */
  readonly gradient: Float64Array;
  /** Forces of all steps. */
  readonly history: ForceHistory;
  /** Steps taken forward, repetitions included. */
  readonly forwardSteps: number;
  /** Most states kept at a time. */
  readonly peakSnapshots: number;
}

/** Options of {@linkcode differentiate}. */
export interface DifferentiateOptions {
  /** Most bytes of kept states; default 1 GiB. */
  readonly memoryLimit?: number;
  /** Hears how many steps of the sweep backwards are left, every hundred of them. */
  readonly progress?: (left: number) => void | Promise<void>;
}

/**
 * The objective of the averaged forces from the solver's state on, and its gradient in the shape:
 * one simulation and one sweep backwards, with repetitions where the memory is short.
 *
 * The start is held fixed.
 *
 * @param solver In the state from which the flow starts; then anywhere.
 */
export async function differentiate(
  solver: FlowSolver,
  objective: ForceObjective,
  averaging: Averaging,
  { memoryLimit, progress }: DifferentiateOptions = {},
): Promise<Derivative> {
  const { window, transient: start, horizon } = averaging;
  const steps = start + horizon;
  const seeds = windowSeeds(window, steps, { start });
  const drag = new Float64Array(steps);
  const lift = new Float64Array(steps);
  let mean: Forces = { drag: 0, lift: 0 };
  let slopes = mean;
  const { forwardSteps, peakSnapshots } = await checkpointedAdjoint<Float64Array, null, unknown>({
    steps,
    initial: solver.state,
    keeper: solver.keeper,
    ...(memoryLimit !== undefined && { memoryLimit }),
    ...(solver.kept > 0 && { snapshots: solver.kept }),
    step(_, n) {
      ({ drag: drag[n], lift: lift[n] } = solver.step());
      return solver.state;
    },
    finalAdjoint() {
      mean = meanForces({ drag, lift }, averaging);
      slopes = objective.slopes(mean);
      solver.beginAdjoint();
      return null;
    },
    async adjointStep(state, n) {
      const seed = seeds[n]!;
      solver.stepBack(state, { drag: seed * slopes.drag, lift: seed * slopes.lift });
      if (n % 100 === 0) await progress?.(n);
      return null;
    },
  });
  return {
    value: objective.value(mean),
    mean,
    gradient: solver.gradient(),
    history: { drag, lift },
    forwardSteps,
    peakSnapshots,
  };
}
