/**
 * The report of a study of closures: trainings, and the runs that they close beside the others.
 *
 * @module
 */

import {
  lineChart,
  listOf,
  type Page,
  type ReportKind,
  type RunData,
  type Section,
  type Series,
  seriesColor,
  type Table,
} from "../../core/io/mod.ts";
import { aTrainedPart, type TrainedPart } from "../kinetic/closures/study.ts";
import { formatCount, formatDuration, formatPercent } from "../terminal/mod.ts";
import { resultOf } from "./parts.ts";
import { settingsSection } from "./settings.ts";
import { transportSections } from "./transport.ts";

/** Networks, their errors, and what solvers make of them. */
export const closureReport: ReportKind = {
  name: "closure",
  description: "trained closures of moments, and runs with them beside Newton, P_N and S_N",
  async build(run: RunData): Promise<Page> {
    const parts = resultOf(run, "networks", listOf(aTrainedPart)) ?? [];
    const { lead, sections } = await transportSections(run);
    return {
      title: `${run.config.recipe}: entropy closures by networks`,
      lead: parts.length === 0 ? lead : `${lead} Errors are those of φ against the first run.`,
      sections: [
        ...(parts.length > 0 ? [await networkSection(parts)] : []),
        ...sections,
        settingsSection(run.config),
      ],
      footer:
        "M_N keeps the moments of the f of least entropy that has them. Newton finds it cell " +
        "by cell; networks answer for all cells at once, in float32, and only f is rebuilt in " +
        "float64. Mass is kept whatever the network says. This page is rebuilt from the files " +
        "beside it by “deno task report” and the name of their folder.",
    };
  },
};

async function networkSection(parts: readonly TrainedPart[]): Promise<Section> {
  const [columns, ...rows] = networkRows(parts);
  const table: Table = { columns: columns!, rows, numeric: true };
  const series: Series[] = parts.map(({ label, losses }, k) => ({
    label,
    color: seriesColor(k),
    points: losses.map((loss, n): [number, number] => [n + 1, loss]),
  }));
  const panel = await lineChart(series, {
    xTitle: "pass through the samples",
    yTitle: "loss",
    yScale: "log",
    description: "Losses on samples that are not trained on",
  });
  return {
    heading: "The networks",
    text: [
      "Mean squared errors on samples that were not trained on: of the entropy h, of its " +
      "multipliers α and of the moments u that belong to them. Falling pairs are those with " +
      "(α(u) − α(v))·(u − v) < 0, of which a convex entropy has none; factors of low rank keep no " +
      "sign of their product, so that nothing forbids them there.",
    ],
    tables: [table],
    figures: [{ title: "Loss", panels: [panel], legend: series }],
  };
}

/** Heads and rows of the table of networks. */
export function networkRows(parts: readonly TrainedPart[]): string[][] {
  const rounded = (value: number): string => Number.isNaN(value) ? "" : value.toExponential(1);
  return [
    ["", "numbers", "MSE h", "MSE α", "MSE u", "falling pairs", "training"],
    ...parts.map(({ label, parameters, errors, falling, seconds }) => [
      label,
      formatCount(parameters),
      ...[errors.entropy, errors.multipliers, errors.moments].map(rounded),
      formatPercent(falling),
      formatDuration(seconds),
    ]),
  ];
}
