/**
 * What a study of robustness finds about each network, and about networks that differ in their seed
 * only.
 *
 * @module
 */

import {
  aBase64,
  aBoolean,
  aCount,
  aNumber,
  aRecord,
  aText,
  type BallNorm,
  byName,
  type Conditioning,
  type Expectation,
  listOf,
  oneOf,
} from "../../core/mod.ts";
import { type Spread, spreadOf } from "../sweep/results.ts";
import type { Candidate } from "./options.ts";

/** Accuracy under one attack at one radius. */
export interface AttackedAccuracy {
  /** Registry name of the attack. */
  readonly attack: string;
  /** Norm of its ball. */
  readonly norm: BallNorm;
  /** Radius. */
  readonly epsilon: number;
  /** Share of the images that are classified rightly after it. */
  readonly accuracy: number;
}

/** One image before and after an attack. */
export interface Example {
  /** True class. */
  readonly label: number;
  /** Answer before. */
  readonly before: number;
  /** Answer after. */
  readonly after: number;
  /** Pixels before, 0 to 255, as base 64. */
  readonly image: string;
  /** Pixels after, 0 to 255, as base 64. */
  readonly attacked: string;
}

/** Everything found about one network. */
export interface RobustResult extends Candidate {
  /** Accuracy on the whole test set. */
  readonly testAccuracy: number;
  /** Accuracy on the images that are attacked. */
  readonly cleanAccuracy: number;
  /** Numbers stored. */
  readonly parameters: number;
  /** Parameters saved, in percent. */
  readonly compression: number;
  /** Rank of each factorised weight. */
  readonly ranks: Readonly<Record<string, number>>;
  /** Median seconds of a training step. */
  readonly secondsPerStep: number;
  /** Conditioning of each weight. */
  readonly conditioning: Readonly<Record<string, Conditioning>>;
  /** Upper bound of the Lipschitz constant. */
  readonly lipschitz: number;
  /** Accuracies under attacks. */
  readonly attacked: readonly AttackedAccuracy[];
  /** Examples of the first attack at its middle radius. */
  readonly examples: readonly Example[];
}

/** {@linkcode RobustResult} as a file must hold it. */
export const robustResult: Expectation<RobustResult> = aRecord<RobustResult>({
  label: aText,
  folder: aText,
  method: aText,
  seed: aNumber,
  tolerance: aNumber,
  beta: aNumber,
  testAccuracy: aNumber,
  cleanAccuracy: aNumber,
  parameters: aNumber,
  compression: aNumber,
  ranks: byName(aCount),
  secondsPerStep: aNumber,
  conditioning: byName(aRecord<Conditioning>({
    condition: aNumber,
    norm: aNumber,
    spread: aNumber,
    bound: aNumber,
    factorised: aBoolean,
  })),
  lipschitz: aNumber,
  attacked: listOf(aRecord<AttackedAccuracy>({
    attack: aText,
    norm: oneOf<BallNorm>("linf", "l2"),
    epsilon: aNumber,
    accuracy: aNumber,
  })),
  examples: listOf(aRecord<Example>({
    label: aCount,
    before: aCount,
    after: aCount,
    image: aBase64,
    attacked: aBase64,
  })),
});

/** Networks that differ in their seed only. */
export interface RobustGroup {
  /** For people. */
  readonly label: string;
  /** One for each seed. */
  readonly results: readonly RobustResult[];
}

/** Puts results that differ in their seed only together. */
export function robustGroups(results: readonly RobustResult[]): RobustGroup[] {
  const labels = [...new Set(results.map((r) => r.label))];
  return labels.map((label) => ({ label, results: results.filter((r) => r.label === label) }));
}

/** Mean and spread of a number over the seeds of a group. */
export function over(group: RobustGroup, f: (r: RobustResult) => number): Spread {
  return spreadOf(group.results.map(f));
}

/** Accuracy under an attack at a radius. */
export function accuracyUnder(r: RobustResult, attack: string, epsilon: number): number {
  return r.attacked.find((a) => a.attack === attack && a.epsilon === epsilon)?.accuracy ?? NaN;
}

/** Attacks with their radii, in the order of the study. */
export function attackGrid(
  results: readonly RobustResult[],
): { attack: string; norm: BallNorm; epsilons: number[] }[] {
  const found = new Map<string, { attack: string; norm: BallNorm; epsilons: number[] }>();
  for (const { attack, norm, epsilon } of results[0]?.attacked ?? []) {
    const entry = found.get(attack) ?? { attack, norm, epsilons: [] };
    entry.epsilons.push(epsilon);
    found.set(attack, entry);
  }
  return [...found.values()];
}

/** Largest condition number of a factorised weight; NaN where there is none. */
export function worstCondition({ conditioning }: RobustResult): number {
  const all = Object.values(conditioning).filter((c) => c.factorised).map((c) => c.condition);
  return all.length === 0 ? NaN : Math.max(...all);
}
