/**
 * The options that training recipes share, with their limits.
 *
 * @module
 */

import {
  augmentations,
  backends,
  integrators,
  movers,
  refreshRules,
  truncationRules,
  tuckerIntegrators,
} from "../core/mod.ts";
import { initialisers } from "../layers/mod.ts";
import { optimizers, schedules } from "../optimizers/mod.ts";
import { dense, methods, OWN_MOVER } from "./methods.ts";
import type { OptionSchema, ParsedOptions } from "./options.ts";

/** Defaults of everything that trains a network; a recipe overrides what it needs to. */
export const runDefaults = {
  seed: 1,
  epochs: 10,
  batch: 256,
  method: "low-rank",
  mover: OWN_MOVER, // that of the method
  integrator: "augmented-bug", // of matrices
  tuckerIntegrator: "augmented-tucker-bug", // of Tucker tensors
  refresh: "each-step", // when integrators take a step
  rank: 120, // at the start; integrators of fixed rank keep it
  minRank: 2,
  maxRank: 150,
  tolerance: 0.14, // of the truncation rule
  truncation: "relative-frobenius",
  optimizer: "adam",
  learningRate: 0, // 0: that of the method
  momentum: -1, // these three: −1 for those of the optimizer, or its defaults
  beta2: -1,
  weightDecay: -1,
  coreSteps: 1,
  schedule: "cosine",
  warmup: 0, // steps
  clip: 0, // norm of the whole gradient; 0: none
  patience: 0, // epochs; 0: no early stop
  initialiser: "kaiming-normal",
  baseline: false,
  baselineLearningRate: dense.learningRate,
  ranksFrom: "",
  augmentation: "",
  prefetch: false,
  tensorboard: false,
  trainCount: 0, // 0: all
  testCount: 0,
  heldOut: 0, // training images to judge on; 0: the test images
  backend: "auto",
  threads: 0, // 0: all cores
  data: "",
  offline: false,
  out: "",
  resume: false,
};

/** Options of everything that trains a network. */
export type RunOptions = ParsedOptions<typeof runDefaults>;

/** Limits and explanations of these; built late, so that plugins count. */
export function runSchema(): Required<OptionSchema<typeof runDefaults>> {
  return {
    seed: { integer: true, min: 0, description: "seed of everything random" },
    epochs: { integer: true, min: 1, description: "passes through the training data" },
    batch: { integer: true, min: 1, description: "examples per step" },
    method: { oneOf: methods.names(), description: "form of the weights and how they train" },
    mover: {
      oneOf: [OWN_MOVER],
      choiceOf: movers,
      description: `how weights of the method's form move, ${OWN_MOVER}: as the method says`,
    },
    integrator: { choiceOf: integrators, description: "how factors of matrices move" },
    tuckerIntegrator: {
      choiceOf: tuckerIntegrators,
      description: "how factors of Tucker tensors move",
    },
    refresh: {
      choiceOf: refreshRules,
      description: "when integrators take a step, and when only the cores move",
    },
    rank: { integer: true, min: 1, description: "rank at the start" },
    minRank: { integer: true, min: 1, description: "ranks never fall below" },
    maxRank: { integer: true, min: 1, description: "ranks never rise above" },
    tolerance: { min: 0, max: 1, description: "threshold of the truncation rule" },
    truncation: { choiceOf: truncationRules, description: "how ranks are chosen" },
    optimizer: { choiceOf: optimizers, description: "how variables move" },
    learningRate: { min: 0, description: "base step size, 0 for that of the method" },
    momentum: { min: -1, below: 1, description: "momentum of the optimizer, -1 for its own" },
    beta2: { min: -1, below: 1, description: "beta2 of the optimizer, -1 for its own" },
    weightDecay: { min: -1, description: "weightDecay of the optimizer, -1 for its own" },
    coreSteps: { integer: true, min: 1, description: "local updates of the core per step" },
    schedule: { choiceOf: schedules, description: "course of the learning rate" },
    warmup: { integer: true, min: 0, description: "steps of linear warm-up, at most half of all" },
    clip: { min: 0, description: "largest norm of the gradient, 0 for none" },
    patience: { integer: true, min: 0, description: "epochs without gain before stopping, 0: off" },
    initialiser: { choiceOf: initialisers, description: "start of the weights" },
    baseline: { description: "train the dense twin too" },
    baselineLearningRate: { above: 0, description: "base step size of the dense twin" },
    ranksFrom: {
      description: "folder of a run, {seed} in it stands for the seed: ranks that match its sizes",
    },
    augmentation: {
      choiceOf: augmentations,
      several: true,
      none: true,
      description: "random changes of training images",
    },
    prefetch: { description: "prepare batches on another thread" },
    tensorboard: {
      description: "write event files beside metrics.jsonl, for tensorboard --logdir runs",
    },
    trainCount: { integer: true, min: 0, description: "training images to use, 0 for all" },
    testCount: { integer: true, min: 0, description: "test images to use, 0 for all" },
    heldOut: {
      integer: true,
      min: 0,
      description: "training images kept back and judged on in place of the test images, " +
        "to choose settings by; 0 for none",
    },
    backend: { oneOf: ["auto", ...backends.names()], description: "what computes" },
    threads: { integer: true, min: 0, description: "threads, 0 for all cores" },
    data: { description: "folder of the data set" },
    offline: { description: "never download" },
    out: { description: "folder of the run, default a new one in runs/" },
    resume: { description: "go on with the run in --out" },
  };
}

/** Defaults of the recipes that train from the start. */
export const trainingDefaults = {
  ...runDefaults,
  decay: 0, // of singular values at the start, in powers of two; 0: as they come
  fineTune: 2, // epochs after compression, of methods that compress
};

/** Options of the recipes that train from the start. */
export type TrainingOptions = ParsedOptions<typeof trainingDefaults>;

/** Limits and explanations of these; built late, so that plugins count. */
export function trainingSchema(): Required<OptionSchema<typeof trainingDefaults>> {
  return {
    ...runSchema(),
    decay: {
      min: 0,
      max: 4,
      description: "start with singular values that fall by 2^decay each, 0 for as they come",
    },
    fineTune: {
      integer: true,
      min: 1,
      description: "epochs after compression, of methods that compress",
    },
  };
}
