/**
 * Every window on one system, and how a study of windows is told.
 *
 * @module
 */

import { choose, finishedPart, type RunFolder, windows } from "../../core/mod.ts";
import { chosen } from "../chosen.ts";
import { inPath } from "../run_path.ts";
import { wrap } from "../terminal/mod.ts";
import { binsUpTo, measureWindow, type WindowCurve, windowCurve } from "./measure.ts";
import { orderTable } from "./order_table.ts";
import type { OpenUnsteadyProblem, OutputSeries, UnsteadyProblem } from "./problem.ts";
import { checkText, type StudiedProblem } from "./result.ts";

/** What decides how a system is studied. */
export interface WindowStudy {
  /** Choice of a window, or "all". */
  readonly window: string;
  /** Periods under the longest window. */
  readonly periods: number;
  /** Periods before the window from a start off the cycle; 0: on it. */
  readonly transient: number;
  /** Relative, of the criterion to stop. */
  readonly tolerance: number;
  /** States that the adjoint keeps at most. */
  readonly snapshots: number;
}

/** Periods of the signal that are kept for the report. */
const SHOWN = 8;
/** Periods under the window with which the adjoint is held against the tangent. */
const CHECKED = 8;

/** All windows on one system; undefined when interrupted. */
export async function studyProblem(
  problem: UnsteadyProblem,
  options: WindowStudy,
  folder: RunFolder,
  signal: AbortSignal,
): Promise<StudiedProblem | undefined> {
  const open = problem.open(options.transient);
  const periods = binsUpTo(options.periods);
  const series = open.series(options.periods + 1);
  const curves: WindowCurve[] = [];
  for (const { label, plugin: window } of chosen(windows, options.window)) {
    // Ctrl-C is heard between windows.
    await new Promise((resolve) => setTimeout(resolve));
    if (signal.aborted) return undefined;
    const compute = () => {
      const curve = measureWindow(open, series, window, periods, options.tolerance);
      return Promise.resolve({ ...curve, window: label });
    };
    const part = inPath(`${problem.name}-${label}`);
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
  if (name !== "all") return choose(windows, name);
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

/** What the tables of a study say. */
export function introduction({ periods, tolerance }: WindowStudy): string {
  return wrap(
    `Errors fall like M^-order in the length M of the window. "error" is the largest from ` +
      `${periods} to ${periods + 1} periods T; "stop" is where a monitor with tolerance ` +
      `${tolerance}, which is not told T, would end the simulation.`,
    80,
  ).join("\n") + "\n";
}

/** The table of a system. */
export function described(result: StudiedProblem, problem: UnsteadyProblem): string {
  const head = wrap(`${problem.title}: ${problem.description}`, 80).join("\n");
  const { check } = result;
  return `\n${head}\n${orderTable(result)}\n` + (check ? `${checkText(check)}\n` : "");
}
