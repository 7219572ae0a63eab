/**
 * The report of a comparison at equal numbers of state.
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
  seriesColor,
} from "../../core/io/mod.ts";
import { COLUMNS, finalistsOf, numbersIn, rowsOf } from "../pretrain/results.ts";
import { cellResult, type Group, measureOf, reachedBy, spreadOf } from "../sweep/results.ts";
import { resultOf } from "./parts.ts";
import { settingsSection } from "./settings.ts";
import { curvesOf } from "./sweep_curves.ts";

/** What a way is drawn against. */
interface Against {
  readonly title: string;
  readonly xTitle: string;
  readonly of: (summary: Group["summaries"][number]) => number;
}

const AGAINST: readonly Against[] = [
  {
    title: "against numbers of state",
    xTitle: "numbers of weights and optimizer, millions",
    of: (s) => numbersIn(s) / 1e6,
  },
  { title: "against time", xTitle: "seconds of training", of: (s) => s.seconds },
];

/** The measure against numbers of state, time and steps, and a table. */
export const pretrainReport: ReportKind = {
  name: "pretrain",
  description: "ways to train against the numbers that they hold, their time and their steps",
  async build(run: RunData): Promise<Page> {
    const results = resultOf(run, "cells", listOf(cellResult)) ?? [];
    const finalists = finalistsOf(results).filter(({ group }) => group.summaries.length > 0);
    const figures = finalists.length === 0
      ? []
      : await Promise.all(AGAINST.map((against) => figureOf(finalists, against)));
    const groups = finalists.map(({ group }) => group);
    const table = { columns: ["way, budget", ...COLUMNS], rows: rowsOf(results), numeric: true };
    const curves = await curvesOf(run.path, groups);
    return {
      title: "Ways to train at equal numbers of state",
      lead: finalists.length === 0
        ? "This comparison has no result yet."
        : `${finalists.length} ways and sizes, each at the best of its step sizes, which were ` +
          "chosen on training examples that were kept back.",
      sections: [
        ...(figures.length > 0 ? [{ heading: "Results", figures }] : []),
        { heading: "Table", tables: [table] },
        ...(curves.length > 0 ? [{ heading: "Against steps", figures: curves }] : []),
        settingsSection(run.config),
      ],
      footer:
        "A star marks the first or the last of the step sizes that were tried. This page is " +
        "rebuilt from the files beside it by “deno task report” and the name of their folder.",
    };
  },
};

/** A curve for each way, along its budgets. */
async function figureOf(
  finalists: ReturnType<typeof finalistsOf>,
  { title, xTitle, of }: Against,
): Promise<Figure> {
  const { name, percent } = measureOf(finalists.map(({ group }) => group))!;
  const ways = [...new Set(finalists.map(({ group }) => group.values.way!))];
  const series = ways.map((label, i) => ({
    label,
    color: seriesColor(i),
    points: finalists
      .filter(({ group }) => group.values.way === label)
      .map(({ group }) => [spreadOf(group.summaries.map(of)).mean, reachedBy(group).mean] as const)
      .sort(([x], [y]) => x - y),
  }));
  const panel = await lineChart(series, {
    description: `Test ${name} ${title}`,
    xTitle,
    yTitle: name,
    ...(percent ? { yFormat: "~%" } : {}),
    width: 560,
    height: 340,
  });
  return {
    title: `Test ${name} ${title}`,
    panels: [panel],
    legend: series,
    caption: "Means over seeds; ways with a rank at each budget.",
  };
}
