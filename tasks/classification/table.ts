/**
 * The table that ends a job.
 *
 * @module
 */

import { firstMeasure, type Summary } from "../../core/mod.ts";
import { rankText } from "../reports/rank_names.ts";
import {
  formatCount,
  formatDuration,
  formatMeasure,
  formatPercent,
  renderTable,
} from "../terminal/mod.ts";

/**
 * Draws the results of some runs, one below the other.
 *
 * @param runs Summaries with their labels.
 */
export function resultTable(
  runs: readonly { readonly label: string; readonly summary: Summary }[],
): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const rows = runs.map(({ label, summary: s }) => [
    label,
    formatMeasure(firstMeasure(s)),
    formatCount(s.parameters),
    formatPercent(s.compression / 100, 1),
    rankText(s.ranks) || "full",
    `${(1000 * s.secondsPerStep).toFixed(1)} ms`,
    formatDuration(s.seconds),
  ]);
  const heads = ["network", "test", "parameters", "saved", "ranks", "step", "time"];
  const results = renderTable(
    heads.map((h) => h === "network" || h === "ranks" ? h : right(h)),
    rows,
  );
  return [results, timeTable(runs)].filter((t) => t !== "").join("\n\n");
}

/** What the time of each run went to; empty where no run tells. */
function timeTable(
  runs: readonly { readonly label: string; readonly summary: Summary }[],
): string {
  const parts = Object.keys(runs[0]?.summary.spent ?? {});
  if (parts.length === 0) return "";
  const rows = runs.map(({ label, summary: { spent = {}, seconds } }) => [
    label,
    ...parts.map((part) => formatDuration(spent[part] ?? NaN)),
    formatDuration(seconds),
  ]);
  const heads = [...parts, "all"].map((title) => ({ title, align: "right" as const }));
  return renderTable(["time", ...heads], rows);
}
