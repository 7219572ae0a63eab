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
  type Table,
} from "../../core/io/mod.ts";
import { timeAxisOf } from "./curves.ts";
import { byWeight, type WeightRanks } from "./rank_names.ts";

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
  const weights = byWeight(series.map(({ label }) => label));
  if (weights.some(({ modes }) => modes.length > 1)) return await modeRanks(run, series, weights);
  const panel = await rankPanel(run, series, "Rank of each layer");
  return { title: "Ranks", panels: [panel], legend: series };
}

/** A panel for each weight, with a curve for each mode. */
async function modeRanks(
  run: RunData,
  series: readonly Series[],
  weights: readonly WeightRanks[],
): Promise<Figure> {
  const names = [...new Set(weights.flatMap(({ modes }) => modes))];
  const colored = (mode: string) => ({
    label: mode === "" ? "matrix" : mode,
    color: seriesColor(names.indexOf(mode)),
  });
  const panels: Panel[] = [];
  for (const { weight, keys, modes } of weights) {
    const curves = keys.map((key, i): Series => ({
      ...series.find(({ label }) => label === key)!,
      ...colored(modes[i]!),
      dashed: false,
    }));
    panels.push(await rankPanel(run, curves, `Ranks of ${weight}`, weight));
  }
  const caption = "Ranks of the modes of each kernel: of its inputs and of its outputs.";
  return { title: "Ranks", panels, legend: names.map(colored), caption };
}

async function rankPanel(
  run: RunData,
  series: readonly Series[],
  what: string,
  title?: string,
): Promise<Panel> {
  return await lineChart(series, {
    description: `${what} over the course of the training`,
    xTitle: timeAxisOf(run).title,
    yTitle: "rank",
    fromZero: true,
    steps: true,
    ...(title === undefined ? {} : { title, width: 280, height: 200 }),
  });
}

/**
 * The ranks of each weight when the run began to log them and now.
 *
 * @param run The run.
 * @returns A table; undefined for a run without ranks.
 */
export function rankTable(run: RunData): Table | undefined {
  const logged = run.metrics.filter((line) => Object.keys(line.ranks ?? {}).length > 0);
  const [first, last] = [logged[0]?.ranks, logged.at(-1)?.ranks];
  if (!first || !last) return undefined;
  const text = (ranks: Readonly<Record<string, number>>, { keys }: WeightRanks): string =>
    keys.map((key) => ranks[key] ?? "–").join(" × ");
  const rows = byWeight(Object.keys(last)).map((w) => [w.weight, text(first, w), text(last, w)]);
  return { caption: "Ranks", columns: ["", "first logged", "last"], rows, numeric: true };
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
