/**
 * The report of a transport problem: pictures and profiles of the flux, histories, what was
 * conserved, and low-rank runs beside the full one.
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
  optional,
  type Page,
  readRecord,
  type ReportKind,
  type RunData,
  type Section,
  type Series,
  seriesColor,
  type Table,
} from "../../core/io/mod.ts";
import type { CartesianGrid } from "../kinetic/grid.ts";
import { anOutcome, columnOf, type Outcome, windowsOf } from "../kinetic/outcome.ts";
import { outcomeTable, quantityTable, stalls } from "../kinetic/outcome_table.ts";
import { brighteningColors, fieldPicture } from "./field_picture.ts";
import { settingsSection } from "./settings.ts";

/** What a run leaves beside its summary. */
interface FieldRecord {
  readonly grid: CartesianGrid;
  readonly attenuation: Float64Array;
  readonly absorption?: Float64Array;
  readonly exact?: Float64Array;
  readonly outcomes: readonly Outcome[];
}

const fieldRecord: Expectation<FieldRecord> = aRecord<FieldRecord>({
  grid: aRecord<CartesianGrid>({
    nx: aCount,
    ny: aCount,
    hx: aNumber,
    hy: aNumber,
    x0: aNumber,
    y0: aNumber,
  }),
  attenuation: arrayOf(Float64Array),
  absorption: optional(arrayOf(Float64Array)) as Expectation<Float64Array>,
  exact: optional(arrayOf(Float64Array)) as Expectation<Float64Array>,
  outcomes: listOf(anOutcome),
});

/** Decades of φ that pictures show. */
const [LEAST, MOST] = [-7, 1];

/** The flux, histories and runs of one problem. */
export const transportReport: ReportKind = {
  name: "transport",
  description: "flux, histories and balance of a transport problem, low rank beside full",
  async build(run: RunData): Promise<Page> {
    const { lead, sections } = await transportSections(run);
    return {
      title: `${run.config.recipe}: radiation transport`,
      lead,
      sections: [...sections, settingsSection(run.config)],
      footer: "Lengths are mean free paths of a cross section of 1, the speed is 1. In the plane " +
        "directions cover the upper half-sphere, of area 2π. This page is rebuilt from the files " +
        "beside it by “deno task report” and the name of their folder.",
    };
  },
};

/** What there is to say of the runs of one problem, from the files of a folder. */
export async function transportSections(
  run: RunData,
): Promise<{ readonly lead: string; readonly sections: readonly Section[] }> {
  if (!run.summary) return { lead: "This run has no result yet.", sections: [] };
  const record = await recordOf(run);
  const sections = [
    await fluxSection(record),
    runSection(record),
    quantitySection(record),
    await historySection(record),
  ];
  return { lead: leadOf(record), sections };
}

async function recordOf(run: RunData): Promise<FieldRecord> {
  const path = join(run.path, "field.safetensors");
  return checked(fieldRecord, await readRecord(path), path);
}

function leadOf({ grid, outcomes }: FieldRecord): string {
  const cells = grid.ny === 1 ? `${grid.nx} cells` : `${grid.nx}×${grid.ny} cells`;
  const low = outcomes.filter(({ ranks }) => ranks.length > 0).length;
  return `On ${cells}, ${outcomes.map(({ label }) => label).join(", ")}.` +
    (low > 0 && low < outcomes.length
      ? " Errors are those of φ against the first run, in the L² norm."
      : "");
}

async function fluxSection(record: FieldRecord): Promise<Section> {
  const { grid, outcomes } = record;
  const figures: Figure[] = [];
  if (grid.ny > 1) figures.push(pictures(record), materials(record));
  figures.push(await profile(record));
  const text = grid.ny > 1
    ? [`Colours go from ${decade(LEAST)} (dark) to ${decade(MOST)} (bright), decade after decade.`]
    : [];
  return {
    heading: outcomes.length > 1 ? "The flux at the end, run by run" : "The flux at the end",
    text,
    figures,
  };
}

/** A power of ten as people write it. */
function decade(exponent: number): string {
  return "10" + [...String(exponent)].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");
}

function pictures({ grid: { nx, ny }, outcomes }: FieldRecord): Figure {
  const shown = outcomes.length > 3 ? outcomes.slice(0, 3) : outcomes;
  const panels = shown.map(({ label, flux }) =>
    fieldPicture({
      width: nx,
      height: ny,
      values: flux.map((phi) => Math.log10(Math.max(phi, 1e-30))),
      colors: brighteningColors(LEAST, MOST),
      title: label,
      description: `Logarithm of the flux, ${label}`,
    })
  );
  return { title: "log₁₀ φ", panels };
}

/** Cross sections, from a hundredth on; where σt is the same everywhere, σa tells materials apart. */
function materials({ grid: { nx, ny }, attenuation, absorption }: FieldRecord): Figure {
  const largest = attenuation.reduce((most, s) => Math.max(most, s), 0.1);
  const panels = Object.entries({ "σt": attenuation, "σa": absorption }).flatMap((
    [title, values],
  ) =>
    values
      ? [fieldPicture({
        width: nx,
        height: ny,
        values: values.map((s) => Math.log10(Math.max(s, 0.01))),
        colors: brighteningColors(-2, Math.log10(largest)),
        title,
        description: `Logarithm of ${title}`,
      })]
      : []
  );
  return {
    title: `Materials, from 10⁻² (dark) to ${Number(largest.toPrecision(2))} (bright)`,
    panels,
  };
}

/** φ along the middle row. */
async function profile({ grid, outcomes, exact }: FieldRecord): Promise<Figure> {
  const row = Math.floor(grid.ny / 2) * grid.nx;
  const points = (values: Float64Array) =>
    Array.from({ length: grid.nx }, (_, i): [number, number] => [
      grid.x0 + (i + 0.5) * grid.hx,
      values[row + i]!,
    ]);
  const series: Series[] = outcomes.map(({ label, flux }, k) => ({
    label,
    color: seriesColor(k),
    points: points(flux),
  }));
  if (exact) {
    const color = seriesColor(outcomes.length);
    series.push({ label: "exact for a pulse at a point", color, points: points(exact) });
  }
  const panel = await lineChart(series, {
    xTitle: "x",
    yTitle: "φ",
    description: "Flux along the middle of the domain",
  });
  return { title: "φ along the middle", panels: [panel], legend: series };
}

function runSection({ outcomes }: FieldRecord): Section {
  const [heads, rows] = outcomeTable(outcomes);
  const runs: Table = { columns: heads.map(({ title }) => title), rows, numeric: true };
  const told = outcomes.filter(({ defect }) => !Number.isNaN(defect));
  const balance: Table = {
    columns: ["", "born", "came in", "absorbed", "left", "made by clipping", "unexplained"],
    rows: told.map(({ label, balance: b, defect }) => [
      label,
      ...[b.source, b.inflow, b.absorbed, b.outflow, b.clipped].map((v) => v.toPrecision(7)),
      defect.toExponential(1),
    ]),
    numeric: true,
  };
  return {
    heading: "Runs",
    text: [
      "Mass is ∫φ at the end, absorbed its sum over time at the ends of steps. The mass law is the " +
      "part of the mass that the balance leaves unexplained; in low rank the largest difference, " +
      "over cells and steps, between φ and what the right-hand side says of it.",
      ...stalls(outcomes),
    ],
    tables: told.length > 0 ? [runs, balance] : [runs],
  };
}

/** Quantities of interest at the end, and what probes saw over time. */
function quantitySection({ outcomes }: FieldRecord): Section {
  const [heads, rows] = quantityTable(outcomes);
  const quantities: Table = { columns: heads.map(({ title }) => title), rows, numeric: true };
  const seen = outcomes.flatMap((outcome) =>
    windowsOf(outcome).map((windows, probe) => [
      outcomes.length > 1 ? `${outcome.label}, probe ${probe}` : `probe ${probe}`,
      ...windows.map((value) => value.toPrecision(4)),
    ])
  );
  const tenths = Array.from({ length: (seen[0]?.length ?? 1) - 1 }, (_, k) => `tenth ${k + 1}`);
  const windows: Table = { columns: ["∫ u₀ over", ...tenths], rows: seen, numeric: true };
  return {
    heading: "Quantities of interest",
    text: [
      "Values at the end; totals are sums over steps. Max_absorption is the largest σa φ, " +
      "Max_outflow the largest (Ω·n) ψ of one direction at a side.",
      ...(outcomes.length > 1
        ? [
          "Off by: the difference from the first run over the largest value that the quantity ever " +
          "had there; nothing where that is round-off.",
        ]
        : []),
    ],
    tables: seen.length > 0 ? [quantities, windows] : [quantities],
  };
}

async function historySection({ outcomes }: FieldRecord): Promise<Section> {
  const over = (value: (o: Outcome) => ArrayLike<number>): Series[] =>
    outcomes.filter((o) => value(o).length > 0).map((o) => ({
      label: o.label,
      color: seriesColor(outcomes.indexOf(o)),
      points: Array.from(value(o), (v, n): [number, number] => [(n + 1) * o.dt, v]),
    }));
  const chart = (title: string, series: Series[]) =>
    lineChart(series, { title, xTitle: "time", yTitle: title, description: `${title} over time` });
  const panels = [
    await chart("mass", over((o) => columnOf(o, "Mass"))),
    await chart("absorption rate", over((o) => columnOf(o, "Cur_absorption"))),
  ];
  const ranks = over(({ ranks }) => ranks);
  if (ranks.length > 0) panels.push(await chart("rank", ranks));
  const legend = over(({ flux }) => flux);
  return { heading: "Over time", figures: [{ title: "Histories", panels, legend }] };
}
