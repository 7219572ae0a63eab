/**
 * The report of a simulated flow: figures beside the published ones, forces and a picture.
 *
 * @module
 */

import { join } from "node:path";
import {
  aCount,
  aNumber,
  aRecord,
  arrayOf,
  checked,
  type Expectation,
  type Figure,
  lineChart,
  listOf,
  type Page,
  readRecord,
  type ReportKind,
  type RunData,
  type Section,
  seriesColor,
  type Table,
} from "../../core/io/mod.ts";
import { circle } from "../flow/fourier.ts";
import { measuredOf, relativeError } from "../flow/reference.ts";
import { type GridResult, gridResult } from "../flow/measures.ts";
import { formatCount, formatDuration, formatPercent } from "../terminal/format.ts";
import { fieldPicture, signedColors } from "./field_picture.ts";
import { resultOf, settingsOf } from "./parts.ts";
import { settingsSection } from "./settings.ts";

/** What a run leaves beside its summary. */
interface FieldRecord {
  readonly width: number;
  readonly height: number;
  readonly vorticity: Float32Array;
  readonly diameter: number;
  readonly center: readonly number[];
  readonly interval: number;
  readonly drag: Float64Array;
  readonly lift: Float64Array;
}

const fieldRecord: Expectation<FieldRecord> = aRecord<FieldRecord>({
  width: aCount,
  height: aCount,
  vorticity: arrayOf(Float32Array),
  diameter: aNumber,
  center: listOf(aNumber),
  interval: aNumber,
  drag: arrayOf(Float64Array),
  lift: arrayOf(Float64Array),
});

/** The settings that the report needs. */
interface FlowSettings {
  readonly reynolds: number;
  readonly settle: number;
}

const flowSettings: Expectation<FlowSettings> = aRecord<FlowSettings>({
  reynolds: aNumber,
  settle: aNumber,
});

/** Figures by grid, vorticity, drag and lift over time. */
export const flowReport: ReportKind = {
  name: "flow",
  description: "drag, lift and Strouhal number by grid, vorticity, forces over time",
  async build(run: RunData): Promise<Page> {
    const grids = resultOf(run, "grids", listOf(gridResult)) ?? [];
    const finest = grids.at(-1);
    return {
      title: `${run.config.recipe}: flow past a cylinder`,
      lead: leadOf(run),
      ...(finest && { tiles: tilesOf(finest) }),
      sections: finest
        ? [await flowSection(run, finest), gridSection(run, grids), settingsSection(run.config)]
        : [settingsSection(run.config)],
      footer: "Forces are divided by ½ ρ U² D, times by D/U, with the mean velocity U and the " +
        "diameter D. This page is rebuilt from the files beside it by “deno task report” and " +
        "the name of their folder.",
    };
  },
};

function leadOf({ config, summary }: RunData): string {
  if (!summary) return "This run has no result yet.";
  return `Vortices leave a circular cylinder in a channel at Reynolds number ` +
    `${config.settings.reynolds}, upwards and downwards in turn, and pull at it as they go.`;
}

function tilesOf({ figures }: GridResult): { value: string; label: string }[] {
  return measuredOf(figures).map(({ interval, value }) => ({
    value: value.toFixed(3),
    label: interval.title,
  }));
}

async function flowSection(run: RunData, { resolution }: GridResult): Promise<Section> {
  const path = join(run.path, "field.safetensors");
  const record = checked(fieldRecord, await readRecord(path), path);
  return {
    heading: `The flow on the finest grid, ${resolution} cells per diameter`,
    figures: [pictureOf(record), await forcesOf(record, run)],
  };
}

function pictureOf(r: FieldRecord): Figure {
  const outline = circle.outline(64).map(([x, y]) =>
    [r.center[0]! + x * r.diameter, r.center[1]! + y * r.diameter] as const
  );
  const panel = fieldPicture({
    width: r.width,
    height: r.height,
    values: r.vorticity,
    colors: signedColors(12),
    outline,
    description: "Vorticity along the channel: vortices of both signs in turn behind the cylinder",
  });
  return {
    title: "Vorticity at the end of the simulation",
    panels: [panel],
    caption: "Orange turns left, blue turns right; strongest colours from 12 U/D on.",
  };
}

async function forcesOf(r: FieldRecord, run: RunData): Promise<Figure> {
  const { settle } = settingsOf(run, flowSettings);
  const series = (label: string, values: Float64Array, color: number) => ({
    label,
    color: seriesColor(color),
    points: [...values].map((v, n) => [n * r.interval, v] as const).filter(([t]) => t > 1),
  });
  const later = (s: ReturnType<typeof series>) => ({
    ...s,
    points: s.points.filter(([t]) => t >= settle),
  });
  const [drag, lift] = [series("drag", r.drag, 0), series("lift", r.lift, 1)];
  const options = { xTitle: "time", yTitle: "coefficient" };
  const panels = [
    await lineChart([drag, lift], {
      ...options,
      title: "from the start",
      description: "Drag and lift from the start: the lift begins to swing",
    }),
    await lineChart([later(drag)], {
      ...options,
      title: "drag, as counted",
      description: "Drag over the time that counts: it swings twice per period of the lift",
    }),
  ];
  return { title: "Force coefficients over time", panels, legend: [drag, lift] };
}

function gridSection({ config }: RunData, grids: readonly GridResult[]): Section {
  const published = config.settings.reynolds === 100;
  const columns = ["", ...grids.map((g) => `D/${g.resolution}`)];
  if (published) columns.push("published", "error of the finest");
  const rows = measuredOf(grids.at(-1)!.figures).map(({ interval, value }) => {
    const values = grids.map((g) => g.figures[interval.figure]!);
    const cells = [interval.title, ...values.map((v) => v.toFixed(4))];
    if (!published) return cells;
    const error = formatPercent(relativeError(value, interval));
    return [...cells, `${interval.low}–${interval.high}`, error];
  });
  const figures: Table = { columns, rows, numeric: true };
  return {
    heading: "Grids",
    text: [
      "The same flow with smaller and smaller cells." +
      (published
        ? " Published are the intervals of Schäfer and Turek (1996), case 2D-2; the error is the " +
          "distance from the interval. It has none for the mean drag, which is held against that " +
          "of the largest. The pressure drop is that from the front to the back of the circle in " +
          "ρ U², half a period after the largest lift."
        : ""),
    ],
    tables: [figures, costTable(grids)],
  };
}

function costTable(grids: readonly GridResult[]): Table {
  return {
    columns: ["cells per diameter", "cells", "steps", "time", "million cells/s", "periods"],
    rows: grids.map((g) => [
      String(g.resolution),
      formatCount(g.cells),
      formatCount(g.steps),
      formatDuration(g.seconds),
      (g.cells * g.steps / g.seconds / 1e6).toFixed(0),
      String(g.figures.periods),
    ]),
    numeric: true,
  };
}
