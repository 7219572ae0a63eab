/**
 * What a comparison at equal numbers of state came to.
 *
 * @module
 */

import { type CellResult, type Group, groupsOf } from "../sweep/results.ts";
import { measureText } from "../sweep/table.ts";
import { formatCount, formatDuration, renderTable } from "../terminal/mod.ts";

/** Value of `stage` of runs that choose a step size, on images that are kept back. */
export const TRYING = "rate";

/** An entrant at its best step size. */
export interface Finalist {
  /** Way, and budget where it has one. */
  readonly label: string;
  /** Its runs at that step size. */
  readonly group: Group;
  /** Whether a larger or a smaller step size might have done better: it is the first or the last. */
  readonly atEdge: boolean;
}

/** The runs that were judged on the test images, one entry for each way and budget. */
export function finalistsOf(results: readonly CellResult[]): Finalist[] {
  const tried = results.filter(({ values }) => values.stage === TRYING);
  return groupsOf(results.filter(({ values }) => values.stage !== TRYING)).map((group) => {
    const { way, budget, rate } = group.values;
    const rates = tried
      .filter(({ values }) => values.way === way && values.budget === budget)
      .map(({ values }) => Number(values.rate));
    return {
      label: budget === undefined ? way! : `${way}, ${budget}`,
      group,
      atEdge: [Math.min(...rates), Math.max(...rates)].includes(Number(rate)),
    };
  });
}

/** Heads of the columns beside the first. */
export const COLUMNS: readonly string[] = [
  "test",
  "state",
  "rank",
  "rate",
  "step",
  "time",
  "runs",
];

/** One row for each finalist; a step size at the edge of those tried has a star. */
export function rowsOf(results: readonly CellResult[]): string[][] {
  return finalistsOf(results).map(({ label, group, atEdge }) => {
    const { summaries, values, cells } = group;
    const rate = `${values.rate}${atEdge ? "*" : ""}`;
    const runs = `${summaries.length} of ${cells.length}`;
    if (summaries.length === 0) {
      return [label, "diverged", "", values.rank ?? "", rate, "", "", runs];
    }
    const mean = (pick: (s: typeof summaries[number]) => number) =>
      summaries.reduce((sum, s) => sum + pick(s), 0) / summaries.length;
    return [
      label,
      measureText(group),
      formatCount(mean(numbersIn)),
      values.rank ?? "",
      rate,
      `${(1000 * mean((s) => s.secondsPerStep)).toFixed(1)} ms`,
      formatDuration(mean((s) => s.seconds)),
      runs,
    ];
  });
}

/** Numbers that weights and optimizer held. */
export function numbersIn(summary: Group["summaries"][number]): number {
  return summary.trainingNumbers ?? NaN;
}

/** The table on the terminal, where a line has no place for the time of a whole run. */
export function pretrainTable(results: readonly CellResult[]): string {
  const left = 1 + COLUMNS.indexOf("time");
  const heads = COLUMNS.map((title) => ({ title, align: "right" as const }));
  const table = renderTable(
    ["way, budget", ...heads].toSpliced(left, 1),
    rowsOf(results).map((row) => row.toSpliced(left, 1)),
  );
  return `${table}\n\nstate: numbers that weights and optimizer hold; rate: the best step size,\n` +
    "with a star where it is the first or the last of those that were tried";
}
