/**
 * The options of a study of closures.
 *
 * @module
 */

import { backends } from "../../../core/mod.ts";
import type { OptionSchema } from "../../options.ts";
import { UsageError } from "../../usage_error.ts";
import { quadratures } from "../ordinates.ts";
import { kineticProblems } from "../problem.ts";
import { closureNetworks } from "./networks.ts";
import { SAMPLING_LAWS } from "./sampling.ts";
import { MOMENT_FUNCTIONS } from "./system.ts";

/** What decides a study, with its defaults. */
export const closureDefaults = {
  problem: "line-source", // plane-source and gauss for a slab
  cells: 40, // along x
  quadrature: "product",
  order: 8,
  degree: 2, // N of M_N
  functions: "monomials", // of direction, whose moments are kept
  network: "input-convex",
  gamma: "0.001,0.01", // regularisations, each with a network of its own
  width: 32, // neurons of a hidden layer
  depth: 2, // hidden layers
  format: "", // of the weights between them: what suits the network
  rank: 0, // of that format at the start
  rotate: true, // a closure that turns with its moments
  law: "radial", // of the multipliers that are drawn
  range: 7, // of them
  threshold: 1e-4, // least eigenvalue of their covariance
  samples: 8192,
  steps: 2500,
  batch: 256,
  learningRate: 0.02,
  cfl: 0, // Δt / h, 0: what keeps f ≥ 0
  floor: 1e-4, // least φ at the start
  seed: 1,
  backend: "auto",
  threads: 0, // 0: what the backend finds best
  out: "",
  resume: false,
};

/** Limits and explanations. */
export function closureSchema(): OptionSchema<typeof closureDefaults> {
  return {
    problem: { choiceOf: kineticProblems, description: "what is solved" },
    cells: { integer: true, min: 3, max: 1000, description: "cells along x" },
    quadrature: { choiceOf: quadratures, description: "which directions" },
    order: { integer: true, min: 1, max: 100, description: "order of the quadrature" },
    degree: { integer: true, min: 1, max: 4, description: "N of M_N" },
    functions: { oneOf: MOMENT_FUNCTIONS, description: "functions whose moments are kept" },
    network: {
      oneOf: ["all"],
      choiceOf: closureNetworks,
      several: true,
      description: "what is trained",
    },
    gamma: { description: "regularisations from 0 to 1, joined by commas" },
    width: { integer: true, min: 1, max: 4096, description: "neurons of a hidden layer" },
    depth: { integer: true, min: 1, max: 16, description: "hidden layers" },
    format: { description: "weight format between hidden layers, default what suits the network" },
    rank: { integer: true, min: 0, max: 4096, description: "rank of that format at the start" },
    rotate: { description: "turn first moments onto the axis and the multipliers back" },
    law: { oneOf: SAMPLING_LAWS, description: "how multipliers are drawn: normally, or in a ball" },
    range: {
      min: 0.1,
      max: 40,
      description: "largest multiplier, or their largest distance from 0",
    },
    threshold: { min: 0, max: 1, description: "least eigenvalue of covariances of samples" },
    samples: { integer: true, min: 16, max: 1e7, description: "samples to train on" },
    steps: { integer: true, min: 1, description: "steps of a training" },
    batch: { integer: true, min: 1, description: "samples of a step" },
    learningRate: { min: 1e-8, max: 1, description: "base step size of Adam" },
    cfl: { min: 0, max: 2, description: "step size over cell width, 0 for nine tenths of safe" },
    floor: { min: 1e-300, description: "least φ at the start" },
    seed: { integer: true, min: 0, description: "seed of samples, weights and order" },
    backend: { oneOf: ["auto", ...backends.names()], description: "what runs the networks" },
    threads: { integer: true, min: 0, max: 64, description: "threads, 0 for what suits it" },
    out: { description: "folder of the study, default a new one in runs/" },
    resume: { description: "go on with the study in --out" },
  };
}

/**
 * Numbers from 0 to 1 joined by commas; one that is given twice is one.
 *
 * @throws {UsageError} When one is not.
 */
export function gammasOf(text: string): number[] {
  const gammas = text.split(",").map((part) => {
    const gamma = Number(part);
    if (part.trim() !== "" && gamma >= 0 && gamma <= 1) return gamma;
    throw new UsageError(
      `Cannot set --gamma to "${text}": expected numbers from 0 to 1 joined by commas, got "${part}"`,
    );
  });
  return [...new Set(gammas)];
}
