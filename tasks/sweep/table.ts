/**
 * The table of a sweep on the terminal.
 *
 * @module
 */

import type { Summary } from "../../core/mod.ts";
import {
  formatCount,
  formatDuration,
  formatMeasure,
  formatNumber,
  formatPercent,
  renderTable,
} from "../terminal/mod.ts";
import { type CellResult, type Group, groupsOf, labelOf, reachedBy, spreadOf } from "./results.ts";

/**
 * Draws one row for each group of runs that differ only in their seed.
 *
 * @param width Most characters per line; default 80.
 */
export function sweepTable(results: readonly CellResult[], width: number = 80): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const heads = ["test", "saved", "parameters", "step", "time", "runs"].map(right);
  return renderTable(["network", ...heads], groupsOf(results).map(rowOf), width);
}

function rowOf(group: Group): string[] {
  const { cells, summaries } = group;
  const lost = cells.length - summaries.length;
  const runs = lost === 0 ? `${cells.length}` : `${summaries.length} of ${cells.length}`;
  if (summaries.length === 0) return [labelOf(group), "diverged", "", "", "", "", runs];
  const of = (pick: (s: Summary) => number) => spreadOf(summaries.map(pick));
  return [
    labelOf(group),
    measureText(group),
    formatPercent(of((s) => s.compression / 100).mean),
    formatCount(of((s) => s.parameters).mean),
    `${(1000 * of((s) => s.secondsPerStep).mean).toFixed(1)} ms`,
    formatDuration(of((s) => s.seconds).mean),
    runs,
  ];
}

/** The first measure of some runs, such as `97.12 ± 0.08 %`. */
export function measureText({ summaries }: Pick<Group, "summaries">): string {
  const { mean, deviation } = reachedBy({ summaries });
  const measure = summaries[0]?.measures[0];
  if (summaries.length < 2) return formatMeasure({ ...measure, value: mean });
  return measure?.percent
    ? `${(100 * mean).toFixed(2)} ± ${(100 * deviation).toFixed(2)} %`
    : `${formatNumber(mean)} ± ${formatNumber(deviation)}`;
}
