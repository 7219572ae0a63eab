/**
 * The report of a sweep: accuracy against compression, means and spread over seeds.
 *
 * @module
 */

import {
  type Figure,
  lineChart,
  listOf,
  type Page,
  type ReportKind,
  type RunData,
  type Series,
  seriesColor,
  type Table,
} from "../../core/io/mod.ts";
import {
  cellResult,
  type Group,
  groupsOf,
  isReference,
  labelOf,
  measureOf,
  reachedBy,
  type Spread,
  spreadOf,
} from "../sweep/results.ts";
import { measureText } from "../sweep/table.ts";
import { formatCount, formatDuration, formatPercent } from "../terminal/format.ts";
import { gapOf } from "./measures.ts";
import { resultOf } from "./parts.ts";
import { settingsSection } from "./settings.ts";
import { curvesOf } from "./sweep_curves.ts";

/** Options along which a curve of accuracy against compression runs. */
const ALONG = new Set(["tolerance", "rank", "max-rank", "min-rank"]);

/** Accuracy against compression, learning curves and a table of means over seeds. */
export const sweepReport: ReportKind = {
  name: "sweep",
  description: "accuracy against compression over lists of options, mean and spread over seeds",
  async build(run: RunData): Promise<Page> {
    const groups = groupsOf(resultOf(run, "cells", listOf(cellResult)) ?? []);
    const trade = await tradeFigure(groups);
    const curves = await curvesOf(run.path, groups);
    const sections = [
      { heading: "Against compression", figures: trade ? [trade] : [] },
      { heading: "Results", tables: [tableOf(groups)] },
      { heading: "Learning curves", figures: curves },
    ];
    return {
      title: `${run.config.recipe}: report of a sweep`,
      lead: leadOf(groups),
      sections: [
        ...sections.filter((s) => (s.figures ?? s.tables ?? []).length > 0),
        settingsSection(run.config),
      ],
      footer: "This page is rebuilt from the files beside it by “deno task report” and the name " +
        "of their folder; each run in it has a report of its own.",
    };
  },
};

function leadOf(groups: readonly Group[]): string {
  const runs = groups.reduce((sum, { cells }) => sum + cells.length, 0);
  if (runs === 0) return "This sweep has no result yet.";
  const best = bestOf(groups.filter((g) => !isReference(g) && g.summaries.length > 0));
  const counted = `${runs} run${runs === 1 ? "" : "s"} in ${groups.length} setting` +
    `${groups.length === 1 ? "" : "s"}.`;
  if (!best) return counted;
  const saved = spreadOf(best.summaries.map((s) => s.compression)).mean;
  const reference = referenceOf(best, groups);
  const dense = reference
    ? `; its dense reference reaches ${measureText(reference)} with all parameters`
    : "";
  const { name } = measureOf([best])!;
  return `${counted} The best, ${labelOf(best)}, reaches a test ${name} of ${measureText(best)} ` +
    `with ${saved.toFixed(1)} % fewer parameters${dense}.`;
}

function bestOf(groups: readonly Group[]): Group | undefined {
  const sign = measureOf(groups)?.better === "less" ? 1 : -1;
  return [...groups].sort((a, b) => sign * (reachedBy(a).mean - reachedBy(b).mean))[0];
}

/** The dense reference that shares every option which it has with the group. */
function referenceOf(group: Group, groups: readonly Group[]): Group | undefined {
  const fits = ({ values: { method: _, ...values } }: Group) =>
    Object.entries(values).every(([key, value]) => group.values[key] === value);
  return groups.find((g) => isReference(g) && g.summaries.length > 0 && fits(g));
}

async function tradeFigure(groups: readonly Group[]): Promise<Figure | undefined> {
  const reached = groups.filter((g) => !isReference(g) && g.summaries.length > 0);
  // Without different sizes there is nothing to trade.
  if (new Set(reached.map((g) => Math.round(pointOf(g).x))).size < 2) return undefined;
  const { name, percent } = measureOf(reached)!;
  const lines = [...new Set(reached.map(lineOf))];
  const curves = lines.map((label, i) => {
    const members = reached.filter((g) => lineOf(g) === label).map(pointOf);
    return { label, color: seriesColor(i), members: members.sort((a, b) => a.x - b.x) };
  });
  const means = curves.map(({ members, ...curve }): Series => ({
    ...curve,
    points: members.map(({ x, y }) => [x, y.mean] as const),
  }));
  const bars = curves.flatMap(({ members, ...curve }) =>
    members.filter(({ y }) => y.deviation > 0).map((m): Series => ({ ...curve, points: bar(m) }))
  );
  const levels = referenceLevels(groups, curves.flatMap(({ members }) => members.map((m) => m.x)));
  const panel = await lineChart([...means, ...bars, ...levels], {
    description: `Test ${name} against the share of parameters saved`,
    xTitle: "parameters saved, %",
    yTitle: name,
    ...(percent ? { yFormat: "~%" } : {}),
    width: 560,
    height: 340,
  });
  return {
    title: `Test ${name} over parameters saved`,
    panels: [panel],
    legend: [...means, ...levels],
    caption: "Means over seeds; bars: one standard deviation each way. Dashed: dense networks.",
  };
}

/** A group without the options along which its curve runs. */
function lineOf({ values }: Group): string {
  const rest = Object.entries(values).filter(([key]) => !ALONG.has(key));
  return rest.length === 0 ? "low rank" : labelOf({ values: Object.fromEntries(rest) });
}

function pointOf({ summaries }: Group): { x: number; y: Spread } {
  return {
    x: spreadOf(summaries.map((s) => s.compression)).mean,
    y: reachedBy({ summaries }),
  };
}

function bar({ x, y }: { x: number; y: Spread }): Series["points"] {
  return [[x, y.mean - y.deviation], [x, y.mean + y.deviation]];
}

/** Dense references as level lines. */
function referenceLevels(groups: readonly Group[], xs: readonly number[]): Series[] {
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  const margin = high > low ? 0 : 1;
  return groups.filter((g) => isReference(g) && g.summaries.length > 0).map((group) => {
    const { y } = pointOf(group);
    const points = [[low - margin, y.mean], [high + margin, y.mean]] as const;
    return { label: labelOf(group), color: "var(--muted)", dashed: true, points };
  });
}

function tableOf(groups: readonly Group[]): Table {
  const gaps = groups.map((g) => isReference(g) ? "" : gapText(g, referenceOf(g, groups)));
  // Without references, their column is empty.
  const withGaps = gaps.some((gap) => gap !== "");
  const heads = [
    "",
    `test ${measureOf(groups)?.name ?? ""}`,
    "against dense",
    "saved",
    "parameters",
  ];
  const columns = [...heads, "time per step", "total time", "runs"];
  const rows = groups.map((group, i) => rowOf(group, gaps[i]!));
  const kept = (cells: readonly string[]) => cells.filter((_, j) => withGaps || j !== 2);
  return { columns: kept(columns), rows: rows.map(kept), numeric: true };
}

function rowOf(group: Group, gap: string): string[] {
  const { cells, summaries } = group;
  const runs = summaries.length === cells.length
    ? `${cells.length}`
    : `${summaries.length} of ${cells.length}`;
  if (summaries.length === 0) return [labelOf(group), "diverged", "", "", "", "", "", runs];
  const mean = (values: readonly number[]) => spreadOf(values).mean;
  return [
    labelOf(group),
    measureText(group),
    gap,
    formatPercent(mean(summaries.map((s) => s.compression / 100))),
    formatCount(mean(summaries.map((s) => s.parameters))),
    formatDuration(mean(summaries.map((s) => s.secondsPerStep))),
    formatDuration(mean(summaries.map((s) => s.seconds))),
    runs,
  ];
}

function gapText(group: Group, reference: Group | undefined): string {
  if (!reference) return "";
  return gapOf(measureOf([group])!, pointOf(group).y.mean, pointOf(reference).y.mean);
}
