/**
 * The options that recipes of transport share.
 *
 * @module
 */

import { integrators, steppers, truncationRules } from "../../core/mod.ts";
import type { OptionSchema } from "../options.ts";
import { UsageError } from "../usage_error.ts";
import { MOMENT_FUNCTIONS } from "./closures/system.ts";
import { sweepKernels } from "./kernel.ts";
import { limiters } from "./limiter.ts";
import { CONSERVED } from "./low_rank_solver.ts";
import { quadratures } from "./ordinates.ts";
import type { KineticProblem } from "./problem.ts";
import { TIME_METHODS } from "./step_size.ts";

/** Solvers by name. */
export const SOLVERS = ["sn", "pn", "mn", "low-rank"] as const;

/** Defaults of everything but grid, directions and design. */
export const transportDefaults = {
  solver: "sn", // full discrete ordinates
  space: 2, // order in space; P_N and low rank are of order 1
  time: "auto", // Heun at order 2, Euler at order 1
  cfl: 0, // Δt / h, 0: what is safe
  limiter: "venkatakrishnan",
  clip: true, // negative ψ becomes 0, what that makes is told
  legacy: false, // as published code sums
  degree: 7, // N of P_N and M_N
  functions: "harmonics", // of direction, whose moments M_N has
  closure: "newton", // of M_N
  gamma: 0, // regularisation of its closure
  floor: 1e-4, // least φ at its start
  angles: "ordinates", // coordinates of low rank
  integrator: "augmented-bug",
  stepper: "euler",
  truncation: "relative-frobenius", // of what is not conserved
  tolerance: 1e-2, // its threshold
  scaled: false, // tolerance times Δt, against ranks that stall
  conserve: "mass",
  compare: true, // low rank: also the full solver of the same order
  kernel: "fastest",
  threads: 0, // 0: all cores
  vtk: "structured",
  design: "", // a file
  out: "",
  resume: false,
};

/** What {@linkcode transportDefaults} becomes when it is read, with grid and directions. */
export type TransportOptions =
  & { -readonly [K in keyof typeof transportDefaults]: Widened<(typeof transportDefaults)[K]> }
  & { cells: number; quadrature: string; order: number };

type Widened<T> = T extends number ? number : T extends boolean ? boolean : string;

/** Limits and explanations of the shared options. */
export function transportSchema(): OptionSchema<TransportOptions> {
  return {
    solver: { oneOf: SOLVERS, description: "discrete ordinates, moments, least entropy, low rank" },
    cells: { integer: true, min: 3, max: 4000, description: "cells along x" },
    quadrature: { choiceOf: quadratures, description: "which directions" },
    order: { integer: true, min: 1, max: 1000, description: "order of the quadrature" },
    space: { oneOf: [1, 2], description: "order in space of full discrete ordinates" },
    time: { oneOf: ["auto", ...TIME_METHODS], description: "how time steps are taken" },
    cfl: { min: 0, max: 2, description: "step size over cell width, 0 for nine tenths of safe" },
    limiter: { choiceOf: limiters, description: "what limits slopes at order 2" },
    clip: { description: "raise negative ψ to 0, and tell what that makes" },
    legacy: { description: "flux after a mean, and corners, as published code has them" },
    degree: { integer: true, min: 1, max: 1000, description: "N of P_N, and of M_N, 4 at most" },
    functions: { oneOf: MOMENT_FUNCTIONS, description: "functions whose moments M_N has" },
    closure: {
      description: "of M_N: newton, newton:none, :partial or :full, or the folder of a trained one",
    },
    gamma: { min: 0, max: 1, description: "weight of the regularisation of Newton's closure" },
    floor: { min: 1e-300, description: "least φ at the start of M_N" },
    angles: {
      oneOf: ["ordinates", "harmonics"],
      description: "coordinates of low rank: directions, or moments up to the degree",
    },
    integrator: {
      oneOf: ["all"],
      choiceOf: integrators,
      several: true,
      description: "what moves the low-rank approximation",
    },
    stepper: { choiceOf: steppers, description: "how sub-flows of low rank are advanced" },
    truncation: { choiceOf: truncationRules, description: "rule for what is not conserved" },
    tolerance: { min: 0, below: 1e3, description: "threshold of truncations" },
    scaled: { description: "tolerance times step size, against ranks that stall" },
    conserve: {
      oneOf: [...CONSERVED, "compare"],
      description: "what truncation keeps; compare: mass, then nothing",
    },
    compare: { description: "with low rank, also the full solver, for errors" },
    kernel: {
      oneOf: ["fastest", ...sweepKernels.names()],
      description: "what computes the sweeps",
    },
    threads: { integer: true, min: 0, max: 64, description: "threads, 0 for all cores" },
    vtk: { oneOf: ["structured", "unstructured", "none"], description: "form of the VTK file" },
    design: { description: "JSON file with parameters of the problem, and boxes of materials" },
    out: { description: "folder of the run, default a new one in runs/" },
    resume: { description: "go on with the run in --out" },
  };
}

/** The chosen design parameters. */
export function designChosen(
  problem: KineticProblem,
  options: Readonly<Record<string, unknown>>,
): Record<string, number> {
  const keys = Object.keys(problem.defaults);
  return Object.fromEntries(keys.map((key) => [key, options[key] as number]));
}

/** Calls something whose refusals are a user's: wrong grids, orders, steps. */
export function asked<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
