/**
 * What can be set in a study of robustness, and what the texts among it mean.
 *
 * @module
 */

import { join } from "node:path";
import {
  type Attack,
  attacks,
  type Choice,
  parseChoice,
  splitChoices,
  suggest,
} from "../../core/mod.ts";
import { dense } from "../methods.ts";
import type { NetworkChoice } from "../networks.ts";
import type { RunOptions } from "../settings.ts";
import { UsageError } from "../usage_error.ts";

/** Options of one run that a study has lists for, or no use for. */
type LeftOut = "seed" | "tolerance" | "baseline" | "ranksFrom";

/** Everything that decides a study. */
export interface RobustOptions
  extends Omit<RunOptions, LeftOut>, Omit<NetworkChoice, "rank" | "initialiser" | "dropout"> {
  /** Registry name of the data set. */
  readonly dataset: string;
  /** Seeds, each a network of every kind. */
  readonly seeds: readonly number[];
  /** Thresholds of the truncation rule. */
  readonly tolerances: readonly number[];
  /** Strengths of the regularizer; 0: none. */
  readonly betas: readonly number[];
  /** Registry name of the regularizer. */
  readonly regularizer: string;
  /** "split": a flow of its own after each step, or "field": a part of the field. */
  readonly coupling: string;
  /** Registry name of the course of the strength. */
  readonly strength: string;
  /** Where factorised networks start: "dense" or "random". */
  readonly start: string;
  /** Whether the dense network is trained, too. */
  readonly dense: boolean;
  /** Folder of a finished dense run, with {seed} for the seed; empty: it is trained. */
  readonly denseFrom: string;
  /** "clean", or registry name of the adversarial training. */
  readonly training: string;
  /** Radius of attacks in training. */
  readonly trainEpsilon: number;
  /** Steps of attacks in training. */
  readonly trainSteps: number;
  /** Registry names of attacks, joined by commas. */
  readonly attacks: string;
  /** Radii for attacks of the maximum norm. */
  readonly epsilons: readonly number[];
  /** Radii for attacks of the Euclidean norm. */
  readonly epsilonsL2: readonly number[];
  /** Test images to attack. */
  readonly attackCount: number;
  /** Steps of attacks; 0: each one's own. */
  readonly attackSteps: number;
}

/** The options of one run of a study, as far as they do not differ from run to run. */
export function runOptionsOf(o: RobustOptions): RobustOptions & RunOptions {
  const { seed, tolerance } = { seed: o.seeds[0]!, tolerance: o.tolerances[0]! };
  return { ...o, seed, tolerance, baseline: false, ranksFrom: "" };
}

/**
 * The attacks that a text names, each with its settings.
 *
 * @throws {UsageError} When there is none.
 * @throws {RangeError} When one is unknown or its settings do not fit it.
 */
export function attacksOf(text: string): Choice<Attack>[] {
  const chosen = splitChoices(text).map((part) => parseChoice(attacks, part));
  if (chosen.length > 0) return chosen;
  throw new UsageError(`Cannot set --attacks to "${text}": ${suggest("", attacks.names())}`);
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
