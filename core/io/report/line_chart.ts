/**
 * Curves over one axis.
 *
 * @module
 */

import { renderChart } from "./chart.ts";
import type { LegendEntry, Panel } from "./page.ts";

/** A named curve. */
export interface Series extends LegendEntry {
  /** Points in the order of x; those that are not finite are left out. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/**
 * Options of {@linkcode lineChart}.
 *
 * @example A log axis
 * ```ts
 * import type { LineChartOptions } from "@rankflow/rankflow";
 * import { lineChart, type Series } from "@rankflow/rankflow/core";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const options: LineChartOptions = {
 *   description: "a loss that halves",
 *   xTitle: "epoch",
 *   yTitle: "loss",
 *   yScale: "log",
 * };
 * const loss: Series = { label: "loss", color: "teal", points: [[1, 1], [2, 0.5], [3, 0.25]] };
 * assertStringIncludes((await lineChart([loss], options)).svg, "<svg");
 * ```
 */
export interface LineChartOptions {
  /** What the chart shows, for people who cannot see it. */
  readonly description: string;
  /** Name of the horizontal axis. */
  readonly xTitle: string;
  /** Name of the vertical axis. */
  readonly yTitle: string;
  /** Scale of the horizontal axis; default "linear". On "log", points with x ≤ 0 are left out. */
  readonly xScale?: "linear" | "log";
  /** Scale of the vertical axis; default "linear". On "log", values ≤ 0 are left out. */
  readonly yScale?: "linear" | "log";
  /** Number format of the vertical axis after d3-format; default what suits the scale. */
  readonly yFormat?: string;
  /** Whether the vertical axis begins at 0; default false. */
  readonly fromZero?: boolean;
  /** Whether values hold until the next point; default false: straight lines. */
  readonly steps?: boolean;
  /** Heading of the panel. */
  readonly title?: string;
  /** Width in drawing units; default 420. */
  readonly width?: number;
  /** Height in drawing units; default 260. */
  readonly height?: number;
}

/** More points than a drawing can show make it slow to open. */
const MAX_POINTS = 400;
/** Up to so many points, each is marked. */
const MAX_MARKED = 30;

/**
 * Draws curves.
 *
 * @param series The curves; long ones are thinned such that no peak is lost.
 * @param options Axes and size.
 * @returns The drawing.
 */
export async function lineChart(
  series: readonly Series[],
  options: LineChartOptions,
): Promise<Panel> {
  const { title, description, width = 420, height = 260 } = options;
  const data = series.map((s) => thin(s.points.filter((p) => isDrawable(p, options))));
  const values = data.flatMap((points, i) =>
    points.map(([x, y]) => ({ x, y, series: i, color: series[i]!.color }))
  );
  const marked = Math.max(0, ...data.map((points) => points.length)) <= MAX_MARKED;
  const encoding = {
    x: xAxis(options, values.map((v) => v.x)),
    y: yAxis(options, values.map((v) => v.y)),
    detail: { field: "series" },
    color: { field: "color", type: "nominal", scale: null },
    strokeDash: { condition: dashes(series), value: [1, 0] },
  };
  const line = {
    type: "line",
    strokeWidth: 2,
    interpolate: options.steps ? "step-after" : "linear",
  };
  const points = { mark: { type: "point", filled: true, size: 24, opacity: 1 } };
  const layer = [{ mark: line }, ...(marked ? [points] : [])];
  const svg = await renderChart({ width, height, data: { values }, encoding, layer });
  return { svg, description, ...(title !== undefined && { title }) };
}

/**
 * Thins a curve to about `MAX_POINTS` points: of each stretch, its lowest and highest.
 *
 * @param points The curve.
 * @returns Points of the curve, in order, with both ends.
 */
export function thin(
  points: readonly (readonly [number, number])[],
): readonly (readonly [number, number])[] {
  if (points.length <= MAX_POINTS) return points;
  const kept = new Set<number>([0, points.length - 1]);
  const stretches = MAX_POINTS / 2;
  for (let s = 0; s < stretches; s++) {
    const begin = Math.floor(s * points.length / stretches);
    const end = Math.floor((s + 1) * points.length / stretches);
    let [low, high] = [begin, begin];
    for (let i = begin; i < end; i++) {
      if (points[i]![1] < points[low]![1]) low = i;
      if (points[i]![1] > points[high]![1]) high = i;
    }
    kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b).map((i) => points[i]!);
}

function isDrawable([x, y]: readonly [number, number], o: LineChartOptions): boolean {
  const positive = (o.xScale !== "log" || x > 0) && (o.yScale !== "log" || y > 0);
  return Number.isFinite(x) && Number.isFinite(y) && positive;
}

function xAxis({ xTitle, xScale }: LineChartOptions, values: readonly number[]): unknown {
  if (xScale === "log") {
    const axis = { title: xTitle, grid: false, values: logTicks(values), format: "~g" };
    return { field: "x", type: "quantitative", scale: { type: "log", nice: false }, axis };
  }
  const whole = values.every(Number.isInteger);
  const span = Math.max(...values) - Math.min(...values);
  const axis = {
    title: xTitle,
    grid: false,
    format: span >= 1e5 ? "~s" : ",~r",
    tickCount: whole ? Math.max(1, Math.min(8, span)) : 8,
    ...(whole && { tickMinStep: 1 }),
  };
  return { field: "x", type: "quantitative", scale: { zero: false, nice: false }, axis };
}

function yAxis(options: LineChartOptions, values: readonly number[]): unknown {
  const { yTitle: title, yFormat, fromZero = false } = options;
  if (options.yScale === "log") {
    const small = Math.min(...values) < 1e-3;
    const axis = { title, values: logTicks(values), format: yFormat ?? (small ? "~e" : "~g") };
    return { field: "y", type: "quantitative", scale: { type: "log", nice: false }, axis };
  }
  const whole = values.every(Number.isInteger);
  const axis = { title, tickCount: 5, format: yFormat ?? ",~r", ...(whole && { tickMinStep: 1 }) };
  return { field: "y", type: "quantitative", scale: { zero: fromZero, nice: true }, axis };
}

/**
 * Ticks of a logarithmic axis: powers of ten, with 2 and 5 between them over a few decades, and
 * evenly spaced ones within a part of a decade that holds no two of these.
 *
 * @param values What is drawn, positive.
 * @returns Ticks that cover the values, ascending.
 */
export function logTicks(values: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.ceil(Math.log10(Math.max(...values)));
  if (!Number.isFinite(high - low)) return [];
  const decades = high - low;
  const stride = Math.max(1, Math.ceil(decades / 6));
  const factors = decades <= 3 ? [1, 2, 5] : [1];
  const powers = Array.from(
    { length: Math.floor(decades / stride) + 1 },
    (_, i) => low + i * stride,
  );
  const ticks = powers.flatMap((p) => factors.map((f) => Number(`${f}e${p}`)));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const shown = ticks.filter((tick) => least <= tick && tick <= most);
  const fifth = (most - least) / 5;
  return shown.length >= 2 || fifth === 0 ? ticks : evenTicks(least, most, fifth);
}

/** Multiples of 1, 2 or 5 times a power of ten between two numbers, about `wanted` apart. */
function evenTicks(least: number, most: number, wanted: number): number[] {
  const power = Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].map((f) => Number(`${f}e${power}`)).find((s) => s >= wanted)!;
  const first = Math.ceil(least / step);
  const count = Math.floor(most / step) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function dashes(series: readonly Series[]): unknown {
  const dashed = series.flatMap((s, i) => s.dashed ? [i] : []);
  return { test: { field: "series", oneOf: dashed }, value: [6, 4] };
}
