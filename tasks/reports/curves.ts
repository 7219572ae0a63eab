/**
 * The curves of a training report: loss, measures and learning rate, the dense twin dashed.
 *
 * @module
 */

import {
  type Figure,
  lineChart,
  type LineChartOptions,
  type MetricLine,
  type RunData,
  type Series,
  seriesColor,
  type SummaryMeasure,
  testKey,
} from "../../core/io/mod.ts";
import { measuresOf } from "./measures.ts";

/** Something that can be drawn over the steps of a run. */
type Quantity = (line: MetricLine) => number | undefined;

/** The horizontal axis of a run. */
export interface TimeAxis {
  /** Name of the axis. */
  readonly title: string;
  /** Where a line lies on it. */
  readonly at: (line: MetricLine) => number;
}

/**
 * Chooses epochs where each was logged once, else steps.
 *
 * @param run The run.
 * @returns The axis.
 */
export function timeAxisOf({ metrics, baseline }: RunData): TimeAxis {
  const lines = [metrics, baseline?.metrics ?? []];
  const byEpoch = lines.every((m) => new Set(m.map((line) => line.epoch)).size === m.length);
  return byEpoch
    ? { title: "epoch", at: (line) => line.epoch }
    : { title: "step", at: (line) => line.step };
}

/**
 * Draws loss, measures and, where it varies, the learning rate.
 *
 * @param run The run, with its dense twin when there is one.
 * @returns Figures; those without data are left out.
 */
export async function curveFigures(run: RunData): Promise<Figure[]> {
  const figures = [await lossFigure(run)];
  for (const measure of measuresOf(run)) figures.push(await measureFigure(run, measure));
  figures.push(await rateFigure(run));
  return figures.filter((figure) => figure !== undefined);
}

async function lossFigure(run: RunData): Promise<Figure | undefined> {
  const series = [
    ...pair(run, (line) => line.loss, "training", 0),
    ...pair(run, (line) => line.testLoss, "test", 1),
  ];
  const values = series.flatMap((s) => s.points.map(([, y]) => y)).filter(Number.isFinite);
  const log = Math.min(...values) > 0 && Math.max(...values) > 20 * Math.min(...values);
  const lost = series.flatMap((s) => s.points).length - values.length;
  const caption = [
    log ? "Logarithmic scale." : "",
    lost === 1 ? "1 value that is not finite is not shown." : "",
    lost > 1 ? `${lost} values that are not finite are not shown.` : "",
  ].filter((s) => s !== "").join(" ");
  return await figureOf(run, "Loss", series, {
    description: "Loss over the course of the training",
    yTitle: "loss",
    yScale: log ? "log" : "linear",
  }, caption);
}

async function measureFigure(
  run: RunData,
  { name, percent }: SummaryMeasure,
): Promise<Figure | undefined> {
  const series = pair(run, (line) => line[testKey(name)], "test", 1);
  const title = name[0]!.toUpperCase() + name.slice(1);
  return await figureOf(run, title, series, {
    description: `${title} over the course of the training`,
    yTitle: name,
    ...(percent ? { yFormat: "~%" } : {}),
  });
}

async function rateFigure(run: RunData): Promise<Figure | undefined> {
  const series = withoutTwins(pair(run, (line) => line.learningRate, "learning rate", 2));
  const values = series.flatMap((s) => s.points.map(([, y]) => y));
  if (new Set(values).size < 2) return undefined;
  return await figureOf(run, "Learning rate", series, {
    description: "Learning rate over the course of the training",
    yTitle: "learning rate",
    yFormat: "~g",
    fromZero: true,
  });
}

/** The curve of the run and, dashed, that of its dense twin; those without points are left out. */
function pair(run: RunData, pick: Quantity, label: string, color: number): Series[] {
  const { at } = timeAxisOf(run);
  const curve = (lines: readonly MetricLine[], twin: boolean): Series => ({
    label: twin ? `${label}, dense twin` : label,
    color: seriesColor(color),
    dashed: twin,
    points: lines.flatMap((line) => {
      const y = pick(line);
      return y === undefined ? [] : [[at(line), y] as const];
    }),
  });
  return [curve(run.metrics, false), curve(run.baseline?.metrics ?? [], true)]
    .filter((s) => s.points.length > 0);
}

/** The first curve alone when all the others equal it. */
function withoutTwins(series: readonly Series[]): readonly Series[] {
  const shapes = new Set(series.map((s) => JSON.stringify(s.points)));
  return shapes.size === 1 ? series.slice(0, 1) : series;
}

async function figureOf(
  run: RunData,
  title: string,
  series: readonly Series[],
  options: Omit<LineChartOptions, "xTitle">,
  caption = "",
): Promise<Figure | undefined> {
  if (series.length === 0) return undefined;
  const panel = await lineChart(series, { ...options, xTitle: timeAxisOf(run).title });
  return { title, panels: [panel], legend: series, ...(caption !== "" && { caption }) };
}
