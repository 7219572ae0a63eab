/**
 * The job behind the recipe `windowing`: every window on every system, from options to report.
 *
 * @module
 */

import { finishedPart, type RunFolder, windows } from "../../core/mod.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import type { RecipeContext } from "../recipe.ts";
import { writeReport } from "../reports/mod.ts";
import { windowingReport } from "../reports/windowing.ts";
import { interrupted, openStudy } from "../run_folder.ts";
import { formatDuration, type TextSink, wrap } from "../terminal/mod.ts";
import { orderTable } from "./order_table.ts";
import { binsUpTo, measureWindow, type WindowCurve, windowCurve } from "./measure.ts";
import {
  type OpenUnsteadyProblem,
  type OutputSeries,
  type UnsteadyProblem,
  unsteadyProblems,
} from "./problem.ts";
import { checkText, type StudiedProblem } from "./result.ts";

/** Everything that decides a study. */
export const windowingDefaults = {
  problem: "all",
  window: "all",
  periods: 40, // of the longest window
  transient: 0, // periods before the window; 0 starts on the periodic solution
  tolerance: 1e-4, // of the monitor that decides when to stop
  snapshots: 100, // of the adjoint
  out: "",
  resume: false,
};

/** Options of a study of windows. */
export type WindowingOptions = ParsedOptions<typeof windowingDefaults>;

/** Limits and explanations; built late, so that plugins count. */
export function windowingSchema(): OptionSchema<typeof windowingDefaults> {
  return {
    problem: { oneOf: ["all", ...unsteadyProblems.names()], description: "what is averaged" },
    window: { oneOf: ["all", ...windows.names()], description: "the window" },
    periods: { integer: true, min: 16, max: 200, description: "periods under the longest window" },
    transient: {
      integer: true,
      min: 0,
      max: 200,
      description: "periods before the window from a start off the cycle, 0 to start on it",
    },
    tolerance: { min: 1e-12, max: 1, description: "relative, of the criterion to stop" },
    snapshots: { integer: true, min: 1, description: "states that the adjoint keeps at most" },
    out: { description: "folder of the run, default a new one in runs/" },
    resume: { description: "go on with the study in --out" },
  };
}

/** Periods of the signal that are kept for the report. */
const SHOWN = 8;
/** Periods under the window with which the adjoint is held against the tangent. */
const CHECKED = 8;

/**
 * Measures averages and sensitivities against the length of the window.
 *
 * @param recipe Registry name of the recipe.
 * @returns Exit code: 0 when finished, 130 when interrupted.
 */
export async function windowingStudy(
  recipe: string,
  options: WindowingOptions,
  { sink, signal }: RecipeContext,
): Promise<number> {
  const begin = performance.now();
  const backend = "float64";
  const report = windowingReport.name;
  using folder = await openStudy(sink, { recipe, settings: options, seed: 0, backend, report });
  sink.write(introduction(options));
  const problems: StudiedProblem[] = [];
  for (const problem of chosen(unsteadyProblems, options.problem)) {
    const result = await studyProblem(problem, options, folder, signal);
    if (!result) return interrupted(folder, (text) => sink.write(text));
    problems.push(result);
    describe(result, problem, sink);
  }
  const seconds = (performance.now() - begin) / 1000;
  const summary = { recipe, seed: 0, backend, seconds, problems };
  await folder.writeSummary(summary);
  sink.write(`\nReport after ${formatDuration(seconds)}: ${await writeReport(folder.path)}\n`);
  return 0;
}

/** All windows on one system; undefined when interrupted. */
async function studyProblem(
  problem: UnsteadyProblem,
  options: WindowingOptions,
  folder: RunFolder,
  signal: AbortSignal,
): Promise<StudiedProblem | undefined> {
  const open = problem.open(options.transient);
  const periods = binsUpTo(options.periods);
  const series = open.series(options.periods + 1);
  const curves: WindowCurve[] = [];
  for (const window of chosen(windows, options.window)) {
    // Ctrl-C is heard between windows.
    await new Promise((resolve) => setTimeout(resolve));
    if (signal.aborted) return undefined;
    const compute = () =>
      Promise.resolve(measureWindow(open, series, window, periods, options.tolerance));
    const part = `${problem.name}-${window.name}`;
    curves.push(await finishedPart(folder, part, windowCurve, compute));
  }
  return {
    problem: problem.name,
    period: open.period,
    average: open.average,
    sensitivity: open.sensitivity,
    periods,
    curves,
    signal: signalOf(open, series),
    check: await open.checkAdjoint?.(smoothest(options.window), CHECKED, options.snapshots) ?? null,
  };
}

/** The window that is named, or else the one with the highest finite order. */
function smoothest(name: string): ReturnType<typeof windows.get> {
  if (name !== "all") return windows.get(name);
  const finite = windows.list().filter((w) => Number.isFinite(w.order));
  return finite.reduce((a, b) => b.order > a.order ? b : a);
}

function signalOf(
  { period }: OpenUnsteadyProblem,
  { dt, outputs, tangents }: OutputSeries,
): StudiedProblem["signal"] {
  const count = Math.round(SHOWN * period / dt) + 1;
  const indices = Array.from({ length: Math.ceil(count / 4) }, (_, i) => 4 * i);
  return {
    times: indices.map((i) => i * dt / period),
    outputs: indices.map((i) => outputs[i]!),
    tangents: indices.map((i) => tangents[i]!),
  };
}

function introduction({ periods, tolerance }: WindowingOptions): string {
  return wrap(
    `Errors fall like M^-order in the length M of the window. "error" is the largest from ` +
      `${periods} to ${periods + 1} periods T; "stop" is where a monitor with tolerance ` +
      `${tolerance}, which is not told T, would end the simulation.`,
    80,
  ).join("\n") + "\n";
}

function describe(result: StudiedProblem, problem: UnsteadyProblem, sink: TextSink): void {
  const head = wrap(`${problem.title}: ${problem.description}`, 80).join("\n");
  sink.write(`\n${head}\n${orderTable(result)}\n`);
  const { check } = result;
  if (check) sink.write(`${checkText(check)}\n`);
}

function chosen<T>(table: { list(): T[]; get(name: string): T }, name: string): T[] {
  return name === "all" ? table.list() : [table.get(name)];
}
