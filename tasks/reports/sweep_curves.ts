/**
 * The learning curves of a sweep: means over seeds, with the range of the single runs dashed.
 *
 * @module
 */

import { join } from "node:path";
import {
  type Figure,
  findRun,
  lineChart,
  type MetricLine,
  type Panel,
  type Series,
  seriesColor,
  type SummaryMeasure,
  testKey,
} from "../../core/io/mod.ts";
import { type Group, isReference, labelOf, measureOf } from "../sweep/results.ts";

/** A group with what its runs have logged. */
interface Logged {
  readonly group: Group;
  readonly runs: readonly (readonly MetricLine[])[];
}

/** A quantity to draw. */
interface Quantity {
  readonly title: string;
  readonly pick: (line: MetricLine) => readonly [x: number, y: number | undefined];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly log?: boolean;
  readonly percent?: boolean;
}

const LOSS: Quantity = {
  title: "Training loss",
  // The last line of an epoch has the mean of the epoch, the others that of one batch.
  pick: (line) => [line.step, line.testLoss === undefined ? line.loss : undefined],
  xTitle: "step",
  yTitle: "loss",
  log: true,
};

/** The measure that runs are compared by. */
function testCurve({ name, percent = false }: SummaryMeasure): Quantity {
  return {
    title: `Test ${name}`,
    pick: (line) => [line.epoch, line[testKey(name)]],
    xTitle: "epoch",
    yTitle: name,
    percent,
  };
}

/**
 * Draws loss and the first measure over time; where several options vary, with a panel for each value of
 * the first one.
 *
 * @param folder Folder of the sweep.
 * @returns Figures; none where the runs are not there any more.
 */
export async function curvesOf(folder: string, groups: readonly Group[]): Promise<Figure[]> {
  const logged = await Promise.all(groups.map((group) => read(folder, group)));
  const drawn = logged.filter(({ runs }) => runs.length > 0);
  const figures: Figure[] = [];
  const measure = measureOf(groups);
  for (const quantity of [LOSS, ...measure ? [testCurve(measure)] : []]) {
    const figure = await figureOf(quantity, drawn);
    if (figure) figures.push(figure);
  }
  return figures;
}

async function read(folder: string, group: Group): Promise<Logged> {
  const runs: (readonly MetricLine[])[] = [];
  for (const cell of group.cells) {
    // The folder of the sweep may have been moved without its runs.
    const run = await findRun(join(folder, cell.folder));
    if (run) runs.push(run.metrics);
  }
  return { group, runs };
}

async function figureOf(
  quantity: Quantity,
  logged: readonly Logged[],
): Promise<Figure | undefined> {
  const axis = panelAxis(logged.map(({ group }) => group));
  const names = [...new Set(logged.map(({ group }) => lineName(group, axis)))];
  const panels: Panel[] = [];
  for (const value of panelValues(logged, axis)) {
    const members = logged.filter(({ group }) => belongs(group, axis, value));
    const series = members.flatMap((member) =>
      curves(quantity, member, names.indexOf(lineName(member.group, axis)), axis)
    );
    if (!series.some(({ points }) => points.length > 0)) continue;
    const title = value === undefined ? undefined : `${axis} ${value}`;
    panels.push(await panelOf(quantity, series, title));
  }
  if (panels.length === 0) return undefined;
  const legend = names.map((label, i) => ({ label, color: seriesColor(i) }));
  const caption = `Means over seeds; dashed: lowest and highest of the single runs.${
    quantity.log ? " Logarithmic scale." : ""
  }`;
  return { title: quantity.title, panels, legend, caption };
}

async function panelOf(
  { xTitle, yTitle, log, percent, title: what }: Quantity,
  series: readonly Series[],
  title: string | undefined,
): Promise<Panel> {
  return await lineChart(series, {
    description: `${what} over the course of the training`,
    xTitle,
    yTitle,
    ...(log ? { yScale: "log" as const } : {}),
    ...(percent ? { yFormat: "~%" } : {}),
    ...(title === undefined ? {} : { title }),
  });
}

/** The option whose values get panels: the first of several that vary, else none. */
function panelAxis(groups: readonly Group[]): string | undefined {
  const trained = groups.filter((group) => !isReference(group));
  const keys = new Set(trained.flatMap(({ values }) => Object.keys(values)));
  const varying = [...keys].filter((key) =>
    new Set(trained.map(({ values }) => values[key])).size > 1
  );
  return varying.length > 1 ? varying.find((key) => key !== "method") : undefined;
}

function panelValues(logged: readonly Logged[], axis: string | undefined): (string | undefined)[] {
  if (axis === undefined) return [undefined];
  const values = logged.map(({ group }) => group.values[axis]).filter((v) => v !== undefined);
  return [...new Set(values)];
}

/** A dense reference, which has no such option, is in every panel. */
function belongs({ values }: Group, axis: string | undefined, value: string | undefined): boolean {
  return axis === undefined || values[axis] === undefined || values[axis] === value;
}

function lineName({ values }: Group, axis: string | undefined): string {
  const { [axis ?? ""]: _, ...rest } = values;
  return labelOf({ values: rest });
}

/** Mean, lowest and highest of the runs of a group. */
function curves(
  { pick }: Quantity,
  { group, runs }: Logged,
  index: number,
  axis: string | undefined,
): Series[] {
  const found = new Map<number, number[]>();
  for (const line of runs.flat()) {
    const [x, y] = pick(line);
    if (y !== undefined) found.set(x, [...found.get(x) ?? [], y]);
  }
  const at = [...found].sort(([a], [b]) => a - b);
  const curve = (dashed: boolean, f: (values: readonly number[]) => number): Series => ({
    label: lineName(group, axis),
    color: seriesColor(index),
    dashed,
    points: at.map(([x, values]) => [x, f(values)] as const),
  });
  const mean = curve(false, (values) => values.reduce((a, b) => a + b, 0) / values.length);
  if (runs.length < 2) return [mean];
  return [mean, curve(true, (v) => Math.min(...v)), curve(true, (v) => Math.max(...v))];
}
