/**
 * How long runs took to be good.
 *
 * @module
 */

import {
  firstMeasure,
  type MetricLine,
  type RunData,
  type SummaryMeasure,
  testKey,
} from "../../core/io/mod.ts";
import { formatDuration, formatNumber, formatPercent } from "../terminal/format.ts";

/** Shares, such as accuracies, that runs are timed to. */
const TARGETS = [0.95, 0.96, 0.98] as const;

/**
 * Seconds of a run when it first was measured to be at least this good; undefined where it never
 * was, or does not tell.
 */
export function secondsTo(
  metrics: readonly MetricLine[],
  { name, better }: SummaryMeasure,
  target: number,
): number | undefined {
  const reached = metrics.find((line) => {
    const value = line[testKey(name)];
    return value !== undefined && (better === "more" ? value >= target : value <= target);
  });
  return reached?.seconds;
}

/** Rows of a table: time to each target that both runs reached, next to the dense twin's. */
export function timesTo({ summary, metrics, baseline }: RunData): string[][] {
  if (!summary || !firstMeasure(summary).percent) return [];
  const measure = firstMeasure(summary);
  return TARGETS.flatMap((target) => {
    const ours = secondsTo(metrics, measure, target);
    if (ours === undefined) return [];
    const row = [`time to ${formatPercent(target, 0)}`, formatDuration(ours)];
    if (!baseline?.summary) return [row];
    const theirs = secondsTo(baseline.metrics, measure, target);
    if (theirs === undefined) return [];
    return [[...row, formatDuration(theirs), `× ${formatNumber(ours / theirs, 3)}`]];
  });
}
