/**
 * The report of a shape study: designs, objective and noise by window, flows before and after.
 *
 * @module
 */

import { join } from "node:path";
import {
  aNumber,
  aRecord,
  aText,
  checked,
  type Expectation,
  type Figure,
  lineChart,
  listOf,
  type Page,
  type Panel,
  readRecord,
  type ReportKind,
  type RunData,
  type Section,
  type Series,
  seriesColor,
  type Table,
} from "../../core/io/mod.ts";
import { choose } from "../../core/mod.ts";
import { windows } from "../../core/windowing/mod.ts";
import { knows } from "../chosen.ts";
import "../flow/bodies.ts";
import { bodies } from "../flow/body.ts";
import { PLACE, WIDTH } from "../flow/channel.ts";
import { type DesignStep, type FlowPicture, flowPicture } from "../flow/search_records.ts";
import { meanForces } from "../flow/objective.ts";
import { type WindowSummary, windowSummary } from "../flow/shape_summary.ts";
import { formatBytes, formatDuration, formatPercent } from "../terminal/format.ts";
import { fieldPicture, signedColors } from "./field_picture.ts";
import { resultOf, settingsOf } from "./parts.ts";
import { settingsSection } from "./settings.ts";

/** Designs, objective and noise by window, flows before and after. */
export const shapeReport: ReportKind = {
  name: "shape",
  description: "designs, objective and noise by window, flows before and after",
  async build(run: RunData): Promise<Page> {
    const found = resultOf(run, "windows", listOf(windowSummary)) ?? [];
    const sections = found.length === 0
      ? []
      : [await historySection(found), await shapeSection(run, found), costSection(run, found)];
    return {
      title: `${run.config.recipe}: a body of less drag`,
      lead: leadOf(run, found),
      ...(found.length > 0 && { tiles: tilesOf(run, found) }),
      sections: [...sections, settingsSection(run.config)],
      footer: "Forces are divided by ½ ρ U² D, times by D/U, with the mean velocity U and the " +
        "diameter D of the circle of the same area. This page is rebuilt from the files beside " +
        "it by “deno task report” and the name of their folder.",
    };
  },
};

function leadOf({ config }: RunData, found: readonly WindowSummary[]): string {
  if (found.length === 0) return "This run has no result yet.";
  const best = found.reduce((a, b) => a.dragAfter < b.dragAfter ? a : b);
  return `At Reynolds number ${config.settings.reynolds} and with the area of the circle, ` +
    `${best.designs.length - 1} steps of the search save ${formatPercent(best.saved)} of the ` +
    `mean drag. The drag swings all the time, so what the search sees is an average under a ` +
    `window, and its noise depends on the window.`;
}

function tilesOf({ summary }: RunData, found: readonly WindowSummary[]) {
  const noisiest = found.reduce((a, b) => a.noise > b.noise ? a : b);
  const quietest = found.reduce((a, b) => a.noise < b.noise ? a : b);
  const best = found.reduce((a, b) => a.dragAfter < b.dragAfter ? a : b);
  return [
    { value: best.dragBefore.toFixed(3), label: "mean drag of the first body" },
    { value: best.dragAfter.toFixed(3), label: `of the last body, ${best.window}` },
    {
      value: `${(noisiest.noise / quietest.noise).toFixed(0)}×`,
      label: `less noise: ${quietest.window} against ${noisiest.window}`,
    },
    { value: formatDuration(Number(summary?.seconds)), label: "for all searches" },
  ];
}

async function historySection(found: readonly WindowSummary[]): Promise<Section> {
  const series = (value: (d: DesignStep) => number): Series[] =>
    found.map((w, k) => ({
      label: w.window,
      color: seriesColor(k),
      points: w.designs.map((d) => [d.step, value(d)] as const),
    }));
  const drag = series((d) => d.drag);
  const xTitle = "step of the search";
  const figures: Figure[] = [{
    title: "Windowed drag",
    panels: [
      await lineChart(drag, {
        description: "Windowed drag coefficient over the steps of each search",
        xTitle,
        yTitle: "drag coefficient",
      }),
    ],
    legend: drag,
  }, {
    title: "Noise of the windowed drag",
    panels: [
      await lineChart(series((d) => d.noise), {
        description: "Noise of the windowed drag over the steps of each search",
        xTitle,
        yTitle: "standard deviation",
        yScale: "log",
      }),
    ],
    legend: drag,
    caption: "Standard deviation over windows that start at times spread over a shedding period.",
  }];
  return { heading: "The searches", figures, tables: [resultTable(found)] };
}

function resultTable(found: readonly WindowSummary[]): Table {
  return {
    caption: "Mean drag over a long time, the same measure for all; noise over all designs, " +
      "and how much the first gradient changes with the start of the window",
    columns: [
      "window",
      "first body",
      "last body",
      "saved",
      "noise, root mean square",
      "largest noise",
      "noise of the first gradient",
      "steps that moved",
    ],
    rows: found.map((w) => [
      w.window,
      w.dragBefore.toFixed(4),
      w.dragAfter.toFixed(4),
      formatPercent(w.saved),
      w.noise.toExponential(1),
      w.largestNoise.toExponential(1),
      w.gradientNoise.toExponential(1),
      `${w.moved} of ${w.designs.length - 1}`,
    ]),
    numeric: true,
  };
}

/** A flow with its window, as the record beside the summary holds it. */
interface FlowEntry {
  readonly window: string;
  readonly before: FlowPicture;
  readonly after: FlowPicture;
}

const flowEntries = aRecord<{ readonly flows: readonly FlowEntry[] }>({
  flows: listOf(aRecord<FlowEntry>({ window: aText, before: flowPicture, after: flowPicture })),
});

async function shapeSection(run: RunData, found: readonly WindowSummary[]): Promise<Section> {
  const path = join(run.path, "flows.safetensors");
  const { flows } = checked(flowEntries, await readRecord(path), path);
  const best = found.reduce((a, b) => a.dragAfter < b.dragAfter ? a : b);
  const flow = flows.find((f) => f.window === best.window);
  if (!flow) throw new Error(`Cannot read ${path}: expected flows of ${best.window}, got none`);
  return {
    heading: "The body and its flow",
    figures: [
      flowFigure(run, best, flow),
      outlineFigure(run, found),
      await startFigure(run, found, flow.before),
      await forceFigure(flow),
    ],
  };
}

function flowFigure(run: RunData, { window, designs }: WindowSummary, flow: FlowEntry): Figure {
  const panel = (picture: FlowPicture, design: DesignStep, title: string): Panel => {
    const diameter = picture.height / WIDTH;
    return fieldPicture({
      width: picture.width,
      height: picture.height,
      values: picture.vorticity,
      colors: signedColors(12),
      outline: outlineOf(run, design).map(([x, y]) =>
        [(x + PLACE) * diameter, (y + PLACE) * diameter] as const
      ),
      title,
      description: `Vorticity past the ${title}`,
    });
  };
  return {
    title: "Vorticity",
    panels: [
      panel(flow.before, designs[0]!, "first body"),
      panel(flow.after, designs.at(-1)!, `last body, ${window}`),
    ],
    caption: "Orange turns left, blue turns right; strongest colours from 12 U/D on.",
  };
}

/** Points on the surface of a design; none where the plugin of its family is not loaded. */
function outlineOf({ config }: RunData, { parameters }: DesignStep): [number, number][] {
  const family = String(config.settings.body);
  return knows(bodies, family) ? choose(bodies, family).create(parameters).outline(128) : [];
}

function outlineFigure(run: RunData, found: readonly WindowSummary[]): Figure {
  const first = found[0]!.designs[0]!;
  const curves = [
    { label: "first body", color: "var(--muted)", dashed: true, points: outlineOf(run, first) },
    ...found.map((w, k) => ({
      label: w.window,
      color: seriesColor(k),
      points: outlineOf(run, w.designs.at(-1)!),
    })),
  ];
  const lines = curves.map(({ points, color, ...rest }) =>
    `<polygon points="${points.map(([x, y]) => `${x.toFixed(4)},${(-y).toFixed(4)}`).join(" ")}" ` +
    `fill="none" stroke="${color}" stroke-width="0.012"` +
    `${"dashed" in rest ? ' stroke-dasharray="0.03"' : ""}/>`
  );
  const svg = `<svg class="chart" aria-hidden="true" viewBox="-1 -0.7 2 1.4">${
    lines.join("")
  }</svg>`;
  return {
    title: "First and last bodies",
    panels: [{ svg, description: "Outlines of the first body and of the last one by window" }],
    legend: curves,
    caption: "The flow comes from the left. All bodies have the same area.",
  };
}

/** The settings that the report needs. */
interface ShapeSettings {
  readonly horizon: number;
  readonly transient: number;
}

const shapeSettings: Expectation<ShapeSettings> = aRecord<ShapeSettings>({
  horizon: aNumber,
  transient: aNumber,
});

/** The windowed drag of one flow as the start of the window moves: all of its change is chance. */
async function startFigure(
  run: RunData,
  found: readonly WindowSummary[],
  { drag, lift, interval }: FlowPicture,
): Promise<Figure> {
  const settings = settingsOf(run, shapeSettings);
  const horizon = Math.round(settings.horizon / interval);
  const transient = Math.round(settings.transient / interval);
  const starts = Math.max(1, Math.min(STARTS, drag.length - transient - horizon));
  const series = found.flatMap(({ window }, k): Series[] => {
    if (!knows(windows, window)) return [];
    const averaging = { window: choose(windows, window), transient, horizon };
    const points = Array.from({ length: starts }, (_, n) => {
      const late = { drag: drag.subarray(n), lift: lift.subarray(n) };
      return [n * interval, meanForces(late, averaging).drag] as const;
    });
    return [{ label: window, color: seriesColor(k), points }];
  });
  const panel = await lineChart(series, {
    description: "Windowed drag of the first body over the start of the window",
    xTitle: "start of the window",
    yTitle: "windowed drag",
  });
  return {
    title: "Windowed drag of the first body",
    panels: [panel],
    legend: series,
    caption: "As the start of the window moves. It should not change at all.",
  };
}

/** Starts of the window that are drawn. */
const STARTS = 200;

async function forceFigure({ before, after }: FlowEntry): Promise<Figure> {
  const series = (label: string, picture: FlowPicture, color: number, values: Float64Array) => ({
    label,
    color: seriesColor(color),
    points: [...values].map((v, n) => [n * picture.interval, v] as const),
  });
  const drag = [
    series("first body", before, 0, before.drag),
    series("last body", after, 1, after.drag),
  ];
  const lift = [
    series("first body", before, 0, before.lift),
    series("last body", after, 1, after.lift),
  ];
  const options = { xTitle: "time", yTitle: "coefficient" };
  return {
    title: "Forces over time",
    panels: [
      await lineChart(drag, { ...options, title: "drag", description: "Drag over time" }),
      await lineChart(lift, { ...options, title: "lift", description: "Lift over time" }),
    ],
    legend: drag,
  };
}

function costSection(run: RunData, found: readonly WindowSummary[]): Section {
  const rows = found.map((w) => [
    w.window,
    w.gradientError.toExponential(1),
    String(w.steps),
    String(w.forwardSteps),
    String(w.peakSnapshots),
    formatBytes(w.peakSnapshots * w.stateBytes),
    formatDuration(w.designs.at(-1)!.seconds),
  ]);
  const columns = [
    "window",
    "gradient error",
    "steps",
    "forward per gradient",
    "states kept",
    "memory",
    "time",
  ];
  return {
    heading: "Gradients",
    text: [
      "Gradients come from one sweep backwards through all time steps, with states kept by " +
      "binomial checkpointing. The error is that of the first gradient against central " +
      "differences along itself, over the whole simulation.",
    ],
    tables: [{ columns, rows, numeric: true }, designTable(run, found)],
  };
}

function designTable({ config }: RunData, found: readonly WindowSummary[]): Table {
  const family = String(config.settings.body);
  const count = found[0]!.designs[0]!.parameters.length;
  const names = knows(bodies, family) ? choose(bodies, family).parameters(count) : [];
  return {
    caption: "Parameters of the last bodies",
    columns: ["window", ...Array.from({ length: count }, (_, k) => names[k] ?? `${k + 1}`)],
    rows: found.map((w) => [
      w.window,
      ...w.designs.at(-1)!.parameters.map((p) => p.toFixed(4)),
    ]),
    numeric: true,
  };
}
