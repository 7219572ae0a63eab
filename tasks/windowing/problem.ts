/**
 * Unsteady systems whose averages and sensitivities are known, on which windows are measured.
 *
 * @module
 */

import { type Plugin, Registry, type TimeWindow } from "../../core/mod.ts";

/** Samples of an output and of its derivative in the design. */
export interface OutputSeries {
  /** Time between samples. */
  readonly dt: number;
  /** The output g. */
  readonly outputs: Float64Array;
  /** ∂g/∂σ at fixed time, as long as `outputs`; it grows with time. */
  readonly tangents: Float64Array;
}

/** A derivative by the adjoint beside the same by the tangent. */
export interface AdjointCheck {
  /** dJ_w/dσ by sweeping backwards. */
  readonly adjoint: number;
  /** dJ_w/dσ by the tangent of every step. */
  readonly tangent: number;
  /** Time steps of the simulation. */
  readonly steps: number;
  /** Steps taken forward, repetitions included. */
  readonly forwardSteps: number;
  /** Most states kept at a time. */
  readonly peakSnapshots: number;
}

/** A system that is ready to be sampled. */
export interface OpenUnsteadyProblem {
  /** Period T of the output, or a multiple of it. */
  readonly period: number;
  /** The average J over a period. */
  readonly average: number;
  /** dJ/dσ. */
  readonly sensitivity: number;
  /**
   * Samples from the end of the transient on. The derivative is taken from the start of the
   * simulation on: its amplitude grows from there.
   *
   * @param periods Length in periods.
   */
  series(periods: number): OutputSeries;
  /**
   * The windowed sensitivity by the adjoint; absent where there is no time stepping.
   *
   * @param periods Length of the window in periods.
   * @param snapshots Most states kept at a time.
   */
  checkAdjoint?(window: TimeWindow, periods: number, snapshots: number): Promise<AdjointCheck>;
}

/** A test system with a design parameter σ that changes its period. */
export interface UnsteadyProblem extends Plugin {
  /** Heading. */
  readonly title: string;
  /** The equation, the output, the design parameter, and where it is from. */
  readonly text: string;
  /**
   * Prepares the system and its reference values.
   *
   * @param transient Periods between the start of the simulation and the first sample, from a start
   * off the periodic solution; 0 starts on it, at any design.
   */
  open(transient: number): OpenUnsteadyProblem;
}

/** Test systems by name. */
export const unsteadyProblems: Registry<UnsteadyProblem> = new Registry("unsteady problem");
