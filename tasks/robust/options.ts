/**
 * What can be set in a study of robustness, and what the texts among it mean.
 *
 * @module
 */

import { join } from "node:path";
import {
  adversarialTrainings,
  type Attack,
  attacks,
  datasets,
  regularizers,
  strengthSchedules,
  suggest,
} from "../../core/mod.ts";
import { networks } from "../../layers/mod.ts";
import { dense, methods } from "../methods.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { runDefaults, type RunOptions, runSchema } from "../settings.ts";
import { UsageError } from "../usage_error.ts";

/** Options of one run that a study has lists for, or no use for. */
type LeftOut = "seed" | "tolerance" | "baseline" | "ranksFrom";

/** The other options of one run. */
const shared: Omit<typeof runDefaults, LeftOut> = sharedDefaults();

function sharedDefaults(): Omit<typeof runDefaults, LeftOut> {
  const { seed: _seed, tolerance: _tolerance, baseline: _twin, ranksFrom: _ranks, ...kept } =
    runDefaults;
  return kept;
}

/** Defaults of the recipe. */
export const robustDefaults = {
  ...shared,
  seeds: [1] as readonly number[],
  dataset: "mnist",
  network: "lenet-5",
  method: "tucker",
  width: 1, // factor of all sizes; the perceptron has 4 hidden layers of 500
  normalise: true,
  epochs: 6,
  batch: 128,
  tolerances: [0.3] as readonly number[], // of the truncation rule
  betas: [0, 30] as readonly number[], // strengths of the regularizer; 0: none
  regularizer: "spectral",
  coupling: "split",
  strength: "steady",
  start: "random",
  dense: true,
  denseFrom: "",
  training: "clean",
  trainEpsilon: 0.1,
  trainSteps: 5,
  attacks: "fgsm,fgsm-max,jitter,mixup,pgd,pgd-l2",
  epsilons: [0.05, 0.1, 0.15] as readonly number[], // largest change of a pixel
  epsilonsL2: [0.5, 1, 1.5] as readonly number[], // Euclidean length
  attackCount: 500, // test images
  attackSteps: 0, // 0: each attack's own
};

/** Options of the recipe. */
export type RobustOptions = ParsedOptions<typeof robustDefaults>;

/** The options of one run of a study, as far as they do not differ from run to run. */
export function runOptionsOf(o: RobustOptions): RobustOptions & RunOptions {
  const { seed, tolerance } = { seed: o.seeds[0]!, tolerance: o.tolerances[0]! };
  return { ...o, seed, tolerance, baseline: false, ranksFrom: "" };
}

/** Limits and explanations; built late, so that plugins count. */
export function robustSchema(): OptionSchema<typeof robustDefaults> {
  const factorised = methods.names().filter((name) => methods.get(name).moves);
  return {
    ...runSchema(),
    method: { oneOf: factorised, description: "form of the factorised weights" },
    seeds: { integer: true, min: 0, description: "seeds, each a network of every kind" },
    dataset: { oneOf: datasets.names(), description: "what is learnt" },
    network: { oneOf: networks.names(), description: "what learns" },
    width: { min: 0.01, max: 16, description: "factor of all channel counts and hidden sizes" },
    normalise: { description: "normalise images within the network, by constants of the data set" },
    tolerances: { min: 0, max: 1, description: "thresholds of the truncation rule" },
    betas: { min: 0, description: "strengths of the regularizer, 0 for none" },
    regularizer: { oneOf: regularizers.names(), description: "what is wanted of the cores" },
    coupling: {
      oneOf: ["split", "field"],
      description: "a flow of its own after each step, or a part of the field",
    },
    strength: { oneOf: strengthSchedules.names(), description: "course of the strength" },
    start: {
      oneOf: ["dense", "random"],
      description: "where factorised networks start: from the dense one, compressed, or anew",
    },
    dense: { description: "train the dense network too; always where others start from it" },
    denseFrom: {
      description: "folder of a finished run of the dense network, {seed} in it stands for the " +
        "seed: taken as it is, not trained again",
    },
    training: {
      oneOf: ["clean", ...adversarialTrainings.names()],
      description: "what the steps see",
    },
    trainEpsilon: { min: 0, max: 1, description: "radius of attacks in training" },
    trainSteps: { integer: true, min: 1, description: "steps of attacks in training" },
    attacks: { description: `joined by commas: ${attacks.names().join(", ")}` },
    epsilons: { min: 0, max: 1, description: "radii for attacks of the maximum norm" },
    epsilonsL2: { min: 0, description: "radii for attacks of the Euclidean norm" },
    attackCount: { integer: true, min: 1, description: "test images to attack, the first ones" },
    attackSteps: { integer: true, min: 0, description: "steps of attacks, 0 for each one's own" },
  };
}

/**
 * The attacks that a text names.
 *
 * @throws {UsageError} When one is unknown or there is none.
 */
export function attacksOf(text: string): Attack[] {
  const names = text.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const unknown = names.find((name) => !attacks.has(name));
  if (unknown !== undefined || names.length === 0) {
    throw new UsageError(
      `Cannot set --attacks to "${text}": ${suggest(unknown ?? "", attacks.names())}`,
    );
  }
  return names.map((name) => attacks.get(name));
}

/**
 * Folder of a seed's dense network.
 *
 * @param path Folder of the study.
 */
export function denseFolder(o: RobustOptions, path: string, seed: number): string {
  return o.denseFrom === ""
    ? join(path, denseName(seed))
    : o.denseFrom.replaceAll("{seed}", String(seed));
}

function denseName(seed: number): string {
  return `dense-seed-${seed}`;
}

/** One network of a study. */
export interface Candidate {
  /** For people. */
  readonly label: string;
  /** Its folder in that of the study. */
  readonly folder: string;
  /** Registry name of the method. */
  readonly method: string;
  /** Seed of everything random. */
  readonly seed: number;
  /** Of the truncation rule. */
  readonly tolerance: number;
  /** Strength of the regularizer. */
  readonly beta: number;
}

/** The networks that options ask for: for each seed dense, then factorised ones. */
export function candidatesOf(o: RobustOptions): Candidate[] {
  const several = o.tolerances.length > 1;
  const name = o.method.replaceAll("-", " ");
  return o.seeds.flatMap((seed) => {
    const whole: Candidate = {
      label: dense.name,
      folder: denseName(seed),
      method: dense.name,
      seed,
      tolerance: 0,
      beta: 0,
    };
    const factorised = o.tolerances.flatMap((tolerance) =>
      o.betas.map((beta): Candidate => ({
        label: [name, ...(several ? [`τ ${tolerance}`] : []), ...(beta > 0 ? [`β ${beta}`] : [])]
          .join(", "),
        folder: `${o.method}-tolerance-${tolerance}-beta-${beta}-seed-${seed}`,
        method: o.method,
        seed,
        tolerance,
        beta,
      }))
    );
    return [...(o.dense || o.start === "dense" ? [whole] : []), ...factorised];
  });
}
