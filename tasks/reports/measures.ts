/**
 * Measures as reports show them.
 *
 * @module
 */

import type { RunData, SummaryMeasure } from "../../core/io/mod.ts";
import { formatNumber } from "../terminal/format.ts";

/** What a run measures, the measure that decides first; of a run without a result, as configured. */
export function measuresOf({ summary, config }: RunData): readonly SummaryMeasure[] {
  return summary?.measures ?? (config.measures as readonly SummaryMeasure[] | undefined) ?? [];
}

/** How far two values lie apart: in points where people read percent, else as a ratio. */
export function gapOf({ percent }: SummaryMeasure, ours: number, theirs: number): string {
  if (!percent) return `× ${formatNumber(ours / theirs, 3)}`;
  const gap = 100 * (ours - theirs);
  return `${gap < 0 ? "−" : "+"}${Math.abs(gap).toFixed(2)} points`;
}
