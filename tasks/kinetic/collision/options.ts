/**
 * The options of the study of learnt collisions.
 *
 * @module
 */

import { backends, weightFormats } from "../../../core/mod.ts";
import { conservations } from "../../../layers/mod.ts";
import type { OptionSchema, ParsedOptions } from "../../options.ts";
import { scatteringKernels } from "./kernels.ts";
import { SAMPLINGS } from "./sampling.ts";

/** What decides the study. */
export const collisionDefaults = {
  kernel: "henyey-greenstein:g=0.9",
  space: "slab", // velocities in [−1, 1]
  order: 0, // 0: 100 nodes in the slab, 128 on the sphere
  conservation: "all",
  formats: "dense", // of the matrices of the branch
  rank: 4, // of factorised ones, at the start and at most
  tolerance: 0, // of their truncation, relative; 0: ranks stay
  sampling: "entropy", // what a solver meets
  contrast: true, // the last network also from naive samples
  samples: 1000, // all of them in every step
  tests: 1000,
  hidden: [0], // 0: 16,16 in the slab, 100,100 on the sphere
  modes: 0, // functions that outputs are made of; 0: 16 in the slab, 40 on the sphere
  steps: 3000,
  learningRate: 4e-3, // of Adam, half a cosine down to 0
  cells: 100, // of the slab in which operators are used
  seed: 1,
  backend: "auto",
  threads: 0, // 0: all cores
  out: "",
  resume: false,
};

/** What {@linkcode collisionDefaults} becomes when it is read. */
export type CollisionOptions = ParsedOptions<typeof collisionDefaults>;

/** Limits and explanations of these; built late, so that plugins count. */
export function collisionSchema(): OptionSchema<typeof collisionDefaults> {
  const count = (description: string, min = 1) => ({ integer: true, min, description });
  return {
    kernel: { choiceOf: scatteringKernels, description: "which collisions are learnt" },
    space: { oneOf: ["slab", "sphere"], description: "velocities: [−1, 1] or unit vectors" },
    order: {
      ...count("nodes of the slab, or n for 2 n² on the sphere, 0 for 100 or n = 8", 0),
      max: 200,
    },
    conservation: {
      oneOf: ["all"],
      choiceOf: conservations,
      several: true,
      description: "how networks keep mass",
    },
    formats: {
      choiceOf: weightFormats,
      several: true,
      description: "forms of the matrices of the branch",
    },
    rank: count("rank of factorised matrices at the start, and at most"),
    tolerance: { min: 0, max: 1, description: "threshold of their truncation, relative" },
    sampling: { oneOf: SAMPLINGS, description: "densities to learn from" },
    contrast: { description: "train the last network also on naive samples" },
    samples: count("densities to learn from, all of them in every step"),
    tests: count("densities to measure on"),
    hidden: count("neurons of each hidden layer, 0 for 16,16 or 100,100 on the sphere", 0),
    modes: count("functions that outputs are made of, 0 for 16 in the slab, 40 on the sphere", 0),
    steps: count("training steps"),
    learningRate: { above: 0, description: "largest step size of Adam on full weights" },
    cells: count("cells of the slab in which operators are used", 3),
    seed: count("seed of weights and densities", 0),
    backend: { oneOf: ["auto", ...backends.names()], description: "what computes" },
    threads: count("threads, 0 for all cores", 0),
    out: { description: "folder of the study, default a new one in runs/" },
    resume: { description: "go on with the study in --out" },
  };
}
