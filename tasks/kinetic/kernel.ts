/**
 * The bulk of a time step of discrete ordinates: every cell of every direction takes what flows in
 * and out of it, what collides and what is born.
 *
 * For a direction Ω with signs s and Courant numbers λ = Δt |Ω| / h along both axes, faces carry
 * F = ψ + s δ, δ the limited half-difference of their upwind cell, 0 at order 1. A stage is
 *
 *   v = (kept ψ + source) − (λₓ (F − F_upwind,x) + λ_y (F − F_upwind,y)),  ψ ← max(0, v),
 *
 * and φ ← Σ w ψ, summed in the order of directions: the same bits whoever computes a row.
 *
 * @module
 */

import { type Plugin, Registry } from "../../core/mod.ts";
import { type CartesianGrid, layoutOf } from "./grid.ts";
import type { Limiter } from "./limiter.ts";
import type { Ordinates } from "./ordinates.ts";
import { isOpen, type Sides } from "./sides.ts";

/** What decides the values at faces. */
export interface FaceScheme {
  /** The cells. */
  readonly grid: CartesianGrid;
  /** The sides. */
  readonly sides: Sides;
  /** Order in space. */
  readonly order: 1 | 2;
  /** What limits slopes at order 2. */
  readonly limiter: Limiter;
}

/** What decides the stages, beside the step size. */
export interface SweepScheme extends FaceScheme {
  /** The directions. */
  readonly ordinates: Ordinates;
  /** Whether negative ψ becomes 0. */
  readonly clip: boolean;
  /** Whether means of two states leave the φ of the second stage, as in published code. */
  readonly staleFlux: boolean;
}

/**
 * What a stage does: a step from one state to the other one; the mean of that and what was there;
 * the same without transport, which may have one state for both.
 */
export type StageWay = "step" | "mean" | "collide";

/** Kernels bound to their own states. */
export interface SweepKernel {
  /** Two states in the frame of {@linkcode layoutOf}, direction after direction. */
  readonly states: readonly [Float64Array, Float64Array];
  /** What a stage keeps of ψ, by cell, rows {@linkcode Layout.fieldPitch} apart. */
  readonly kept: Float64Array;
  /** What a stage adds to ψ of every direction, by cell. */
  readonly source: Float64Array;
  /** φ after the last stage, by cell. */
  readonly flux: Float64Array;
  /** Σ w of what the last stage clipped, by row, even and odd columns apart. */
  readonly clipped: Float64Array;
  /** Sets the step size. */
  setStep(dt: number): void;
  /** Computes a stage; the frame of the state `from` is filled. */
  stage(from: 0 | 1, to: 0 | 1, way: StageWay): void;
  /** Ends the threads that help, where there are any. */
  close?(): void;
}

/** A way to compute the stages. */
export interface SweepKernelKind extends Plugin {
  /** Whether it works here. */
  available(): boolean;
  /**
   * Makes kernels with states of zeros.
   *
   * @param threads Most threads that may share the rows, default 1. Results do not depend on it.
   */
  create(scheme: SweepScheme, threads?: number): SweepKernel;
}

/** Every way to compute the stages, the fastest first. */
export const sweepKernels: Registry<SweepKernelKind> = new Registry("sweep kernel");

/** The fastest one that works here. */
export function fastestSweep(): SweepKernelKind {
  return sweepKernels.list().find((kind) => kind.available())!;
}

/** Numbers of a row of {@linkcode directionTable}. */
export const DIRECTION = { courantX: 0, courantY: 1, signX: 2, signY: 3, weight: 4, size: 5 };

/** λₓ, λ_y, signs and weight of every direction, a row each. */
export function directionTable(
  { grid: { hx, hy }, ordinates: { x, y, weights } }: SweepScheme,
  dt: number,
): Float64Array {
  const rows = Array.from(weights, (w, q) => [
    dt * Math.abs(x[q]!) / hx,
    dt * Math.abs(y[q]!) / hy,
    x[q]! < 0 ? -1 : 1,
    y[q]! < 0 ? -1 : 1,
    w,
  ]);
  return Float64Array.from(rows.flat());
}

/** Where cells have slopes along an axis, 1 or 0, from the cell before the first one on. */
export function slopeMask(scheme: FaceScheme, axis: "x" | "y"): Float64Array {
  const { grid: { nx, ny }, sides } = scheme;
  const [cells, low, high] = axis === "x"
    ? [nx, sides.left, sides.right]
    : [ny, sides.bottom, sides.top];
  const mask = new Float64Array(cells + 2).fill(1);
  if (isOpen(low)) mask.fill(0, 0, 2);
  if (isOpen(high)) mask.fill(0, cells);
  return mask;
}

/** Numbers of a state and of a field. */
export function sizesOf({ grid, ordinates }: SweepScheme): { state: number; field: number } {
  const { plane, fieldPitch } = layoutOf(grid);
  return { state: plane * ordinates.weights.length, field: fieldPitch * grid.ny };
}
