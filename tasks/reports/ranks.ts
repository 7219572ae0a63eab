/**
 * The low-rank part of a training report: ranks over time, singular values, what was cut off.
 *
 * @module
 */

import {
  type Figure,
  lineChart,
  type MetricLine,
  type Panel,
  type RunData,
  type Series,
  SERIES_COLORS,
  seriesColor,
} from "../../core/io/mod.ts";
import { timeAxisOf } from "./curves.ts";

/**
 * Draws the ranks, the singular values and the truncation errors.
 *
 * @param run The run.
 * @returns Figures; those without data are left out.
 */
export async function rankFigures(run: RunData): Promise<Figure[]> {
  const figures = [await ranksOverTime(run), await discardedOverTime(run), await spectra(run)];
  return figures.filter((figure) => figure !== undefined);
}

async function ranksOverTime(run: RunData): Promise<Figure | undefined> {
  const series = byLayer(run, (line) => line.ranks);
  if (series.length === 0) return undefined;
  const panel = await lineChart(series, {
    description: "Rank of each layer over the course of the training",
    xTitle: timeAxisOf(run).title,
    yTitle: "rank",
    fromZero: true,
    steps: true,
  });
  return { title: "Ranks", panels: [panel], legend: series };
}

async function discardedOverTime(run: RunData): Promise<Figure | undefined> {
  const series = byLayer(run, (line) => line.discarded);
  if (!series.some((s) => s.points.some(([, y]) => y > 0))) return undefined;
  const panel = await lineChart(series, {
    description: "Norm that the truncation of each layer discards over the course of the training",
    xTitle: timeAxisOf(run).title,
    yTitle: "discarded norm",
    yScale: "log",
  });
  const caption = "Frobenius norm that the last truncation before each point cut off. " +
    "Logarithmic scale: zeros are not shown.";
  return { title: "Truncation", panels: [panel], legend: series, caption };
}

async function spectra(run: RunData): Promise<Figure | undefined> {
  const logged = run.metrics.filter((line) => Object.keys(line.singularValues ?? {}).length > 0);
  const [first, last] = [logged[0], logged.at(-1)];
  if (!first || !last) return undefined;
  const lines = first === last ? [last] : [first, last];
  const legend = lines.map((line, i) => spectrumOf(run, line, [], i === lines.length - 1));
  const panels: Panel[] = [];
  for (const [title, values] of Object.entries(last.singularValues!)) {
    const before = lines.length > 1 ? [first.singularValues?.[title] ?? []] : [];
    const drawn = [...before, values].map((v, i) =>
      spectrumOf(run, lines[i]!, v, i === lines.length - 1)
    );
    panels.push(await spectrumPanel(title, drawn));
  }
  const caption = "Singular values of each layer in descending order. Logarithmic scale.";
  return { title: "Singular values", panels, legend, caption };
}

function spectrumOf(
  run: RunData,
  line: MetricLine,
  values: readonly number[],
  isLast: boolean,
): Series {
  const { title, at } = timeAxisOf(run);
  return {
    label: `${title} ${at(line)}`,
    color: seriesColor(isLast ? 0 : 6),
    dashed: !isLast,
    points: values.map((y, i) => [i + 1, y]),
  };
}

async function spectrumPanel(title: string, series: readonly Series[]): Promise<Panel> {
  return await lineChart(series, {
    title,
    description: `Singular values of ${title}`,
    xTitle: "index",
    yTitle: "singular value",
    yScale: "log",
    width: 280,
    height: 200,
  });
}

/** One curve per layer, in the order in which the layers are first named. */
function byLayer(
  run: RunData,
  pick: (line: MetricLine) => Readonly<Record<string, number>> | undefined,
): Series[] {
  const { at } = timeAxisOf(run);
  const names = new Set(run.metrics.flatMap((line) => Object.keys(pick(line) ?? {})));
  return [...names].map((label, i) => ({
    label,
    color: seriesColor(i),
    dashed: i >= SERIES_COLORS,
    points: run.metrics.flatMap((line) => {
      const value = pick(line)?.[label];
      return value === undefined ? [] : [[at(line), value] as const];
    }),
  }));
}
