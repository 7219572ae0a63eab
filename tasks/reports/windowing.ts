/**
 * The report of a study of windows: errors against the number of periods under the window.
 *
 * @module
 */

import type {
  Figure,
  Page,
  Panel,
  ReportKind,
  RunData,
  Section,
  Series,
  Table,
} from "../../core/io/mod.ts";
import { lineChart, listOf, seriesColor } from "../../core/io/mod.ts";
import { choose } from "../../core/mod.ts";
import { windows } from "../../core/windowing/mod.ts";
import { knows } from "../chosen.ts";
import {
  checkText,
  orderRows,
  type StudiedProblem,
  studiedProblem,
  unsteadyProblems,
  type WindowCurve,
} from "../windowing/mod.ts";
import { resultOf } from "./parts.ts";
import { settingsSection } from "./settings.ts";

/** The windows, and for each system its signal, its errors and the orders that they show. */
export const windowingReport: ReportKind = {
  name: "windowing",
  description: "error of windowed averages and sensitivities against the number of periods",
  async build(run: RunData): Promise<Page> {
    const results = resultOf(run, "problems", listOf(studiedProblem)) ?? [];
    const names = results[0]?.curves.map((c) => c.window) ?? [];
    const head = results.length > 0 ? [await windowSection(names)] : [];
    return {
      title: `${run.config.recipe}: averages of outputs whose period is not known`,
      lead: leadOf(results),
      sections: [
        ...head,
        ...await Promise.all(results.map(sectionOf)),
        settingsSection(run.config),
      ],
      footer: "Errors are the largest over windows of P to P + 1 periods. Orders are slopes over " +
        "windows of 8 periods and more, above round-off; where convergence is faster than any power, " +
        "those over the first and the last half. The monitor is not told the period T. This page is rebuilt from the files " +
        "beside it by “deno task report” and the name of their folder.",
    };
  },
};

function leadOf(results: readonly StudiedProblem[]): string {
  if (results.length === 0) return "This run has no result yet.";
  return "A plain mean over a time that is no multiple of the period is off by one over the " +
    "number of periods, and its derivative in the design does not converge at all. A window " +
    "that fades in and out makes both converge fast, for any length.";
}

/** The weights themselves. */
async function windowSection(names: readonly string[]): Promise<Section> {
  const known = names.filter((name) => knows(windows, name));
  const curves = known.map((name, i): Series => ({
    label: name,
    color: seriesColor(i),
    points: Array.from({ length: 201 }, (_, k) => [k / 200, choose(windows, name).weight(k / 200)]),
  }));
  const panel = await lineChart(curves, {
    description: `Weights of the windows ${known.join(", ")} over the unit interval`,
    xTitle: "time / length of the window",
    yTitle: "weight",
    fromZero: true,
    height: 220,
  });
  const rows = known.map((name) => [name, choose(windows, name).description]);
  return {
    heading: "Windows",
    figures: [{ title: "Weight over time", panels: [panel], legend: curves }],
    tables: [{ rows }],
  };
}

async function sectionOf(result: StudiedProblem): Promise<Section> {
  const { title, text } = describe(result);
  const check = result.check ? [`For the derivative, ${checkText(result.check)}.`] : [];
  return {
    heading: title,
    text: [text, ...check],
    figures: [await errorFigure(result), await signalFigure(result)],
    tables: tablesOf(result),
  };
}

/** Words of the system, also where its plugin is not loaded. */
function describe({ problem }: StudiedProblem): { title: string; text: string } {
  return unsteadyProblems.has(problem)
    ? unsteadyProblems.get(problem)
    : { title: problem, text: "" };
}

async function errorFigure(result: StudiedProblem): Promise<Figure> {
  const panels = await Promise.all([
    errorPanel(result, "average", 0),
    errorPanel(result, "sensitivity", 1),
  ]);
  const keys = result.curves.map(({ window }, i) => ({ label: window, color: seriesColor(i) }));
  return {
    title: "Error over the length of the window",
    panels,
    legend: [...keys, { label: "order of the theory", color: "var(--muted)", dashed: true }],
  };
}

function errorPanel(
  { periods, curves }: StudiedProblem,
  what: "average" | "sensitivity",
  less: number,
): Promise<Panel> {
  const lines = curves.map((curve, i): Series => ({
    label: curve.window,
    color: seriesColor(i),
    points: periods.map((p, k) => [p, curve[what][k]!] as const),
  }));
  const guides = curves.flatMap((curve) => guideOf(periods, curve, what, less));
  return lineChart([...guides, ...lines], {
    title: what,
    description: `Error of the ${what} against periods under the window, both logarithmic`,
    xTitle: "periods under the window",
    yTitle: `error of the ${what}`,
    xScale: "log",
    yScale: "log",
    width: 420,
    height: 320,
  });
}

/** A line of the theory's order through the first point; none where there is no finite order. */
function guideOf(
  periods: readonly number[],
  curve: WindowCurve,
  what: "average" | "sensitivity",
  less: number,
): Series[] {
  if (curve.order === null) return [];
  const order = curve.order - less;
  const first = curve[what][0]!;
  const ends = [periods[0]!, periods.at(-1)!];
  // A little below the curve, or it would hide under it.
  const points = ends.map((p) => [p, 0.6 * first * (p / ends[0]!) ** -order] as const);
  return [{ label: `order ${order}`, color: "var(--muted)", dashed: true, points }];
}

async function signalFigure({ signal }: StudiedProblem): Promise<Figure> {
  const panel = (title: string, values: readonly number[], color: string): Promise<Panel> =>
    lineChart([{ label: title, color, points: signal.times.map((t, i) => [t, values[i]!]) }], {
      title,
      description: `${title} over the first periods`,
      xTitle: "time in periods",
      yTitle: title,
      width: 420,
      height: 160,
    });
  return {
    title: "Signal",
    panels: await Promise.all([
      panel("output g", signal.outputs, seriesColor(4)),
      panel("∂g/∂σ", signal.tangents, seriesColor(4)),
    ]),
    caption: "The derivative at fixed time grows, because the period changes with the design.",
  };
}

/** One table for the average, one for the sensitivity. */
function tablesOf(result: StudiedProblem): Table[] {
  const rows = orderRows(result);
  const last = result.periods.at(-1);
  const columns = ["window", "order expected", "measured", `error at ${last} T`];
  const average: Table = {
    caption: `Average, J = ${Number(result.average.toPrecision(10))}; ` +
      `T = ${Number(result.period.toPrecision(10))}`,
    columns: [...columns, "monitor stops at"],
    rows: rows.map((r) => [
      r.window,
      r.averageExpected,
      r.averageMeasured,
      r.averageError,
      `${r.stop} T`,
    ]),
    numeric: true,
  };
  const sensitivity: Table = {
    caption: `Sensitivity, dJ/dσ = ${Number(result.sensitivity.toPrecision(10))}`,
    columns,
    rows: rows.map((r) => [
      r.window,
      r.sensitivityExpected,
      r.sensitivityMeasured,
      r.sensitivityError,
    ]),
    numeric: true,
  };
  return [average, sensitivity];
}
