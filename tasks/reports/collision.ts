/**
 * The report of learnt collision operators: errors, invariants, relaxation and transport.
 *
 * @module
 */

import { join } from "node:path";
import {
  checked,
  type Figure,
  lineChart,
  type LineChartOptions,
  type Page,
  readRecord,
  type ReportKind,
  type RunData,
  type Section,
  type Series,
  seriesColor,
} from "../../core/io/mod.ts";
import { aCollisionRecord, type CollisionRecord } from "../kinetic/collision/result.ts";
import { collisionTable, COLUMNS_TEXT } from "../kinetic/collision/table.ts";
import { formatPercent } from "../terminal/mod.ts";
import { settingsSection } from "./settings.ts";

/** Below this, pictures of logarithms show no difference. */
const ROUND_OFF = 1e-17;

/** Networks that learnt one collision operator. */
export const collisionReport: ReportKind = {
  name: "collision",
  description: "learnt collision operators: errors, invariants, relaxation and transport",
  async build(run: RunData): Promise<Page> {
    const record = run.summary ? await recordOf(run) : undefined;
    return {
      title: `${run.config.recipe}: learnt collisions`,
      lead: record ? leadOf(record, run) : "This run has no result yet.",
      sections: record
        ? [
          tableSection(record),
          await operatorSection(record, run),
          await relaxationSection(record),
          await transportSection(record),
          settingsSection(run.config),
        ]
        : [settingsSection(run.config)],
      footer:
        "Networks are trained in float32 and used in float64. This page is rebuilt from the " +
        "files beside it by “deno task report” and the name of their folder.",
    };
  },
};

async function recordOf(run: RunData): Promise<CollisionRecord> {
  const path = join(run.path, "collision.safetensors");
  return checked(aCollisionRecord, await readRecord(path), path);
}

function leadOf({ judged }: CollisionRecord, { config }: RunData): string {
  const best = judged.reduce((a, b) => b.error < a.error ? b : a);
  return `Collisions by the kernel ${config.settings.kernel} on the ${config.settings.space}, as ` +
    `networks: ${best.label} is nearest, with an error of ${formatPercent(best.error)}.`;
}

function tableSection(record: CollisionRecord): Section {
  const [heads, rows] = collisionTable(record);
  const { judged } = record;
  return {
    heading: "Errors and invariants",
    text: [COLUMNS_TEXT],
    tables: [
      { columns: heads.map(({ title }) => title), rows, numeric: true },
      {
        columns: ["", "error on naive densities", "of f, relaxed", "mass made: inflow", "pulse"],
        rows: judged.map((j) => [
          j.label,
          j.naiveError.toPrecision(3),
          j.relaxation.errors.at(-1)!.toPrecision(3),
          j.inflow.defect.toExponential(1),
          j.pulse.defect.toExponential(1),
        ]),
        numeric: true,
      },
    ],
  };
}

/** A line for each network. */
function lines(
  { judged }: CollisionRecord,
  points: (index: number) => readonly (readonly [number, number])[],
): Series[] {
  return judged.map(({ label }, k) => ({ label, color: seriesColor(k), points: points(k) }));
}

function exactLine(x: Float64Array, y: Float64Array): Series {
  return { label: "exact", color: "var(--muted)", dashed: true, points: pairs(x, y) };
}

function pairs(x: Float64Array, y: Float64Array): [number, number][] {
  return Array.from(x, (v, k) => [v, y[k]!]);
}

async function figure(
  title: string,
  series: readonly Series[],
  options: Omit<LineChartOptions, "description">,
): Promise<Figure> {
  const panel = await lineChart(series, { ...options, description: title });
  return { title, panels: [panel], legend: series };
}

async function operatorSection(record: CollisionRecord, { config }: RunData): Promise<Section> {
  const { v, density, exact, trained, judged } = record;
  const figures = [
    await figure(
      "Error of Q on test densities over the training",
      lines(record, (k) => pairs(trained[k]!.steps, trained[k]!.losses)),
      { xTitle: "step", yTitle: "root mean square error / size of Q", yScale: "log" },
    ),
  ];
  // On the sphere many nodes share a height.
  if (config.settings.space === "slab") {
    figures.push(
      await figure(
        "Q of a test density",
        [exactLine(v, exact.sample), ...lines(record, (k) => pairs(v, judged[k]!.sample))],
        { xTitle: "v", yTitle: "Q(f)" },
      ),
      await figure("That density", [exactLine(v, density)], { xTitle: "v", yTitle: "f" }),
    );
  }
  return { heading: "The operator", figures };
}

async function relaxationSection(record: CollisionRecord): Promise<Section> {
  const over = (what: "errors" | "drifts") =>
    lines(record, (k) => {
      const { times, [what]: values } = record.judged[k]!.relaxation;
      return pairs(times, values.map((value) => Math.max(value, ROUND_OFF)));
    });
  const axes = { xTitle: "time", yScale: "log" } as const;
  return {
    heading: "Relaxation",
    text: ["Densities that do not depend on space, f′ = Q(f), beside the exact operator."],
    figures: [
      await figure("Mean relative error of f", over("errors"), { ...axes, yTitle: "error" }),
      await figure("Mean |∫f − 1|", over("drifts"), { ...axes, yTitle: "|∫f − 1|" }),
    ],
  };
}

async function transportSection(record: CollisionRecord): Promise<Section> {
  const { exact, judged } = record;
  const profile = async (problem: "inflow" | "pulse", title: string): Promise<Figure> => {
    const { x, flux } = exact[problem];
    const networks = lines(record, (k) => pairs(x, judged[k]![problem].flux));
    const gaps = lines(
      record,
      (k) => pairs(x, judged[k]![problem].flux.map((phi, i) => phi - flux[i]!)),
    );
    const profiles = [exactLine(x, flux), ...networks];
    const chart = (series: readonly Series[], yTitle: string) =>
      lineChart(series, { xTitle: "x", yTitle, description: `${title}: ${yTitle}` });
    const panels = [await chart(profiles, "φ / |V|"), await chart(gaps, "less the exact one")];
    return { title, panels, legend: profiles };
  };
  return {
    heading: "Transport",
    text: ["Discrete ordinates whose collisions are the networks', by upwind differences."],
    figures: [
      await profile("inflow", "Particles that stream in from the left, at time 4"),
      await profile("pulse", "A pulse in the middle, at time 1"),
    ],
  };
}
