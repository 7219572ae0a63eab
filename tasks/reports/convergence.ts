/**
 * The report of a convergence study: error against step size for every integrator.
 *
 * @module
 */

import type {
  Figure,
  Page,
  ReportKind,
  RunData,
  Section,
  Series,
  Table,
} from "../../core/io/mod.ts";
import { lineChart, listOf, SERIES_COLORS, seriesColor } from "../../core/io/mod.ts";
import {
  type Convergence,
  measuredOrder,
  odeProblems,
  type ProblemResult,
  problemResult,
} from "../ode/mod.ts";
import { resultOf } from "./parts.ts";
import { settingsSection } from "./settings.ts";

/** Log-log curves with slope guides, errors and measured orders of all integrators. */
export const convergenceReport: ReportKind = {
  name: "convergence",
  description: "error against step size for every integrator, with measured orders",
  async build(run: RunData): Promise<Page> {
    const results = resultOf(run, "problems", listOf(problemResult)) ?? [];
    return {
      title: `${run.config.recipe}: error against step size`,
      lead: leadOf(results),
      sections: [...await Promise.all(results.map(sectionOf)), settingsSection(run.config)],
      footer: "Errors are relative and in the Frobenius norm, at the end of the time interval. " +
        "This page is rebuilt from the files beside it by “deno task report” and the name of " +
        "their folder.",
    };
  },
};

function leadOf(results: readonly ProblemResult[]): string {
  if (results.length === 0) return "This run has no result yet.";
  const count = results[0]!.curves.length;
  const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;
  return `${plural(count, "integrator")} on ${
    plural(results.length, "problem")
  }. A curve that falls along a dashed ` +
    "guide has that order; one that meets the level line has reached the best approximation " +
    "of its rank, which no step size can better.";
}

async function sectionOf(result: ProblemResult): Promise<Section> {
  const { title, text } = describe(result);
  return {
    heading: title,
    text: [`${text} Rank ${result.rank}.`],
    figures: await figuresOf(result),
    tables: [tableOf(result)],
  };
}

/** Words of the problem, also where its plugin is not loaded. */
function describe({ problem }: ProblemResult): { title: string; text: string } {
  return odeProblems.has(problem) ? odeProblems.get(problem) : { title: problem, text: "" };
}

/** One figure for each group of curves that colours can tell apart. */
async function figuresOf(result: ProblemResult): Promise<Figure[]> {
  const guides = guidesOf(result);
  const groups = groupsOf(result.curves);
  return await Promise.all(groups.map(async (group, i) => {
    const curves = group.map((c, j) => curveOf(result, c, j));
    const panel = await lineChart([...guides, ...curves], {
      description: `Error against step size of ${curves.map((s) => s.label).join(", ")}`,
      xTitle: "step size",
      yTitle: "relative error",
      xScale: "log",
      yScale: "log",
      width: 480,
      height: 360,
    });
    const part = groups.length > 1 ? ` (${i + 1} of ${groups.length})` : "";
    return {
      title: `Relative error over step size${part}`,
      panels: [panel],
      legend: [...curves, ...guides],
    };
  }));
}

/** As many curves to a chart as there are colours to tell them apart. */
function groupsOf(curves: readonly Convergence[]): Convergence[][] {
  const panels = Math.ceil(curves.length / SERIES_COLORS);
  const size = Math.ceil(curves.length / panels);
  return Array.from({ length: panels }, (_, i) => curves.slice(i * size, (i + 1) * size));
}

function curveOf(result: ProblemResult, curve: Convergence, index: number): Series {
  return {
    label: curve.integrator,
    color: seriesColor(index),
    points: curve.errors.map((e, i) => [result.stepSizes[i]!, e] as const),
  };
}

/** Lines of slope one and two through the largest error, and the best error. */
function guidesOf({ stepSizes, best, curves }: ProblemResult): Series[] {
  const finite = curves.flatMap((c) => c.errors).filter(Number.isFinite);
  const [first, top] = [stepSizes[0]!, Math.max(...finite)];
  const color = "var(--muted)";
  const line = (order: number): Series => ({
    label: `slope ${order}`,
    color,
    dashed: true,
    points: stepSizes.map((h) => [h, top * (h / first) ** order] as const),
  });
  const level = stepSizes.map((h) => [h, best] as const);
  return [line(1), line(2), { label: "best of the rank", color, dashed: true, points: level }];
}

function tableOf(result: ProblemResult): Table {
  const { stepSizes, curves, best } = result;
  const rows = curves.map((c) => [
    c.integrator,
    ...c.errors.map((e) => Number.isFinite(e) ? e.toExponential(1) : "diverged"),
    orderText(measuredOrder(stepSizes, c.errors, best)),
    `${(1000 * c.secondsPerStep).toFixed(1)} ms`,
  ]);
  const heads = stepSizes.map((h) => `h = ${Number(h.toPrecision(3))}`);
  return {
    caption: `Relative errors; the best approximation has ${best.toExponential(1)}`,
    columns: ["integrator", ...heads, "order", "time per step"],
    rows,
    numeric: true,
  };
}

/**
 * An order for people.
 *
 * @param order Measured order; undefined where the errors have reached the floor of the rank.
 */
export function orderText(order: number | undefined): string {
  return order === undefined ? "at the floor" : order.toFixed(1);
}
