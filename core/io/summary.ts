/**
 * summary.json: the result of a run in one record.
 *
 * @module
 */

import {
  aBoolean,
  aCount,
  aNumber,
  aRecord,
  aText,
  byName,
  type Expectation,
  listOf,
  oneOf,
  optional,
} from "./expectation.ts";
import { type TestKey, testKey } from "./metrics.ts";

/** How a measure is to be read. */
export interface SummaryMeasure {
  /** Name: "accuracy" stands as `testAccuracy`. */
  readonly name: string;
  /** Whether more of it is better, or less. */
  readonly better: "more" | "less";
  /** Whether people read it in percent; default false. */
  readonly percent?: boolean;
}

/**
 * The result of a run. Shares, such as accuracy, are fractions in [0, 1].
 *
 * @example Ranks and a measure of a run
 * ```ts
 * import type { Summary, SummaryMeasure } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const accuracy: SummaryMeasure = { name: "accuracy", better: "more", percent: true };
 * const result: Pick<Summary, "measures" | "testAccuracy" | "ranks"> = {
 *   measures: [accuracy],
 *   testAccuracy: 0.97,
 *   ranks: { "dense1.weight": 12 },
 * };
 * assertEquals(result.ranks["dense1.weight"], 12);
 * ```
 */
export interface Summary {
  /** Registry name of the recipe. */
  readonly recipe: string;
  /** Seed of everything random. */
  readonly seed: number;
  /** Registry name of the backend that ran it. */
  readonly backend: string;
  /** Name of the data set. */
  readonly dataset: string;
  /** Epochs done. */
  readonly epochs: number;
  /** Steps done. */
  readonly steps: number;
  /** Training loss at the end, mean over the last epoch. */
  readonly trainLoss: number;
  /** Loss on the test examples. */
  readonly testLoss: number;
  /** The task's measures on the test examples, such as `testAccuracy`. */
  readonly [measured: TestKey]: number;
  /** What the measures are; tables, sweeps and comparisons go by the first. */
  readonly measures: readonly SummaryMeasure[];
  /** Numbers that the trained network stores. */
  readonly parameters: number;
  /** Numbers that weights and optimizer held at the end of training; absent in older files. */
  readonly trainingNumbers?: number;
  /** Numbers that the same network stores with full matrices. */
  readonly denseParameters: number;
  /** Parameters saved against the full matrices, in percent. */
  readonly compression: number;
  /** Rank of each low-rank parameter by name; empty for a dense network. */
  readonly ranks: Readonly<Record<string, number>>;
  /** Seconds per training step, median. */
  readonly secondsPerStep: number;
  /** Processes that trained together, and the bytes that each told the others; absent for one. */
  readonly traffic?: {
    /** Processes. */
    readonly processes: number;
    /** Bytes in a step. */
    readonly bytes: number;
    /** The same for the network with whole matrices. */
    readonly denseBytes: number;
  };
  /** Wall-clock seconds of training, evaluation included. */
  readonly seconds: number;
  /** Seconds by what they went to, such as "pass"; of a resumed run, those since then. */
  readonly spent?: Readonly<Record<string, number>>;
  /** Test examples by true class (row) and predicted class (column). */
  readonly confusion?: readonly (readonly number[])[];
  /** Names of the classes, in the order of their labels. */
  readonly classNames?: readonly string[];
  /** Name of the method for people, such as "augmented BUG". */
  readonly method?: string;
  /** Whatever else a recipe tells. */
  readonly [extra: string]: unknown;
}

const FIELDS = {
  recipe: aText,
  seed: aNumber,
  backend: aText,
  dataset: aText,
  epochs: aNumber,
  steps: aNumber,
  trainLoss: aNumber,
  testLoss: aNumber,
  measures: listOf(aRecord<SummaryMeasure>({
    name: aText,
    better: oneOf("more", "less"),
    percent: optional(aBoolean),
  })),
  parameters: aNumber,
  trainingNumbers: optional(aNumber),
  denseParameters: aNumber,
  compression: aNumber,
  ranks: byName(aCount),
  secondsPerStep: aNumber,
  seconds: aNumber,
  spent: optional(byName(aNumber)),
  traffic: optional(aRecord({ processes: aCount, bytes: aNumber, denseBytes: aNumber })),
  confusion: optional(listOf(listOf(aNumber))),
  classNames: optional(listOf(aText)),
  method: optional(aText),
};

/** What summary.json of a run that trained a network must hold. */
export const trainingSummary: Expectation<Summary> = aRecord<Summary>(FIELDS);

/** What summary.json of any recipe must hold: fields of these names are of these types. */
export const anySummary: Expectation<Summary> = aRecord<Summary>(
  Object.fromEntries(
    Object.entries(FIELDS).map(([key, field]) => [key, optional<unknown>(field)]),
  ) as typeof FIELDS,
);

/** The measure of a result that tables go by, with its value. */
export function firstMeasure(
  summary: Summary,
): SummaryMeasure & { readonly value: number } {
  // Files of others may lack them.
  const [measure] = summary.measures ?? [];
  if (!measure) throw new Error("Cannot read a result: expected a measure, got none");
  return { ...measure, value: summary[testKey(measure.name)] ?? NaN };
}
