/**
 * The bulk of a time step: every cell gathers from its neighbours and relaxes, and the adjoint of
 * that. Two-relaxation-time collision about the incompressible equilibrium of He and Luo (1997).
 *
 * A state holds hᵢ = fᵢ − wᵢ after the collision, so that a fluid at rest is zero and small
 * differences keep their digits. With s = hᵢ + hₒ and d = hᵢ − hₒ of two opposite directions,
 *
 *   ρ = Σ hᵢ,  j = Σ cᵢ hᵢ,
 *   A = ω⁺ (s/2 − wᵢ (ρ + 4.5 (cᵢ·j)² − 1.5 j²)),  B = ω⁻ (d/2 − 3 wᵢ cᵢ·j),
 *   hᵢ ← hᵢ − A − B,  hₒ ← hₒ − A + B,  h₀ ← h₀ − ω⁺ (h₀ − w₀ (ρ − 1.5 j²)).
 *
 * The map is a polynomial of second degree without divisions: derivatives need only j.
 *
 * @module
 */

import { type Plugin, Registry } from "../../core/mod.ts";
import type { Grid } from "./grid.ts";

/** Relaxation rates, which vary along the channel. */
export interface Relaxation {
  /** Rate ω⁺ of even parts by column x, pitch numbers; 1/ω⁺ − ½ = 3 ν. */
  readonly even: Float64Array;
  /** Rate ω⁻ of odd parts by column x, pitch numbers. */
  readonly odd: Float64Array;
}

/** Kernels bound to their own states, which are known by number from 0. */
export interface FlowKernel {
  /** The states, `size` numbers each. */
  readonly states: readonly Float64Array[];
  /** Gathers from state `from`, whose frame is filled, collides and writes state `to`. */
  step(from: number, to: number): void;
  /**
   * Transposed derivative of {@linkcode FlowKernel.step} at state `at`: takes the cells of `from`
   * to `to`. What the step does not read of `at` is left alone in `to`.
   */
  adjoint(at: number, from: number, to: number): void;
  /** Ends the threads that help, where there are any; then one thread does the work. */
  close?(): void;
}

/** A way to compute the kernels. */
export interface FlowKernelKind extends Plugin {
  /** Whether it works here. */
  available(): boolean;
  /**
   * Makes kernels with states of zeros.
   *
   * @param grid Sizes.
   * @param relaxation Rates by column.
   * @param states How many states.
   * @param threads Most threads that may share the rows, default 1. Results do not depend on it.
   */
  create(grid: Grid, relaxation: Relaxation, states: number, threads?: number): FlowKernel;
}

/** Every way to compute the kernels, the fastest first. */
export const flowKernels: Registry<FlowKernelKind> = new Registry("flow kernel");

/** The fastest kernels that work here. */
export function fastestKernel(): FlowKernelKind {
  return flowKernels.list().find((kind) => kind.available())!;
}
