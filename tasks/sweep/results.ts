/**
 * What came out of a sweep: runs that differ only in their seed, taken together.
 *
 * @module
 */

import {
  aRecord,
  aText,
  byName,
  type Expectation,
  firstMeasure,
  optional,
  type Summary,
  type SummaryMeasure,
  trainingSummary,
} from "../../core/mod.ts";

/** A run of a sweep as its summary.json holds it. */
export interface CellResult {
  /** Name of its folder in the folder of the sweep. */
  readonly folder: string;
  /** What is its own, by option. */
  readonly values: Readonly<Record<string, string>>;
  /** Its result; absent where training diverged. */
  readonly summary?: Summary;
  /** Why there is none. */
  readonly failure?: string;
}

/** {@linkcode CellResult} as a file must hold it. */
export const cellResult: Expectation<CellResult> = aRecord<CellResult>({
  folder: aText,
  values: byName(aText),
  summary: optional(trainingSummary),
  failure: optional(aText),
});

/** Mean and spread of a number over seeds. */
export interface Spread {
  /** Mean. */
  readonly mean: number;
  /** Standard deviation of the sample; 0 for one run. */
  readonly deviation: number;
}

/** Runs that differ only in their seed. */
export interface Group {
  /** What they share, by option. */
  readonly values: Readonly<Record<string, string>>;
  /** The runs. */
  readonly cells: readonly CellResult[];
  /** Those that came to a result. */
  readonly summaries: readonly Summary[];
}

/** Puts runs that differ only in their seed together, in the order of their first. */
export function groupsOf(results: readonly CellResult[]): Group[] {
  const found = new Map<string, CellResult[]>();
  for (const result of results) {
    const { seed: _, ...rest } = result.values;
    const key = JSON.stringify(rest);
    found.set(key, [...found.get(key) ?? [], result]);
  }
  return [...found].map(([key, cells]) => ({
    values: JSON.parse(key),
    cells,
    summaries: cells.flatMap(({ summary }) => summary ? [summary] : []),
  }));
}

/** Mean and spread of the first measure. */
export function reachedBy({ summaries }: Pick<Group, "summaries">): Spread {
  return spreadOf(summaries.map((s) => firstMeasure(s).value));
}

/** The measure that results are compared by; undefined where there is no result. */
export function measureOf(groups: readonly Group[]): SummaryMeasure | undefined {
  return groups.flatMap(({ summaries }) => summaries)[0]?.measures?.[0];
}

/** Mean and standard deviation. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const square = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, deviation: values.length < 2 ? 0 : Math.sqrt(square / (values.length - 1)) };
}

/** What a group is called: its values, the names of options only where they are needed. */
export function labelOf({ values }: Pick<Group, "values">): string {
  const { method, ...rest } = values;
  const others = Object.entries(rest).map(([key, value]) => `${key} ${value}`);
  return [...(method === undefined ? [] : [method]), ...others].join(", ") || "all runs";
}

/** Whether a group is a dense reference. */
export function isReference({ values }: Pick<Group, "values">): boolean {
  return values.method === "dense";
}
