/**
 * The job behind the recipe `shape`: the same search for a body of least drag under several windows.
 *
 * @module
 */

import { join } from "node:path";
import { finishedPart, suggest, windows, writeRecord } from "../../core/mod.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import type { RecipeContext } from "../recipe.ts";
import { writeReport } from "../reports/mod.ts";
import { shapeReport } from "../reports/shape.ts";
import { interrupted, openStudy } from "../run_folder.ts";
import { formatBytes, formatDuration, renderTable } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";
import { bodies } from "./body.ts";
import { fastestKernel } from "./kernel.ts";
import {
  type DesignStep,
  type SearchResult,
  searchResult,
  type SearchSettings,
} from "./search_records.ts";
import { searchAll } from "./search_thread.ts";
import { summaryOf, type WindowSummary } from "./shape_summary.ts";
import { Interrupted, Ticker } from "./ticker.ts";
import { usable } from "./validation.ts";

/** Everything that decides a study. */
export const shapeDefaults = {
  windows: "square,hann-square,bump",
  steps: 10,
  body: "fourier",
  parameters: 8,
  bound: 0.2,
  stepLimit: 0.03,
  stretch: 0, // of the first body, in its first parameter
  resolution: 16,
  reynolds: 100,
  velocity: 0.1,
  length: 14,
  transient: 16,
  horizon: 12,
  liftWeight: 0,
  minLift: 0.2,
  memory: 0.5,
  threads: 0, // 0: all cores
  out: "",
  resume: false,
};

/** Options of a study. */
export type ShapeOptions = ParsedOptions<typeof shapeDefaults>;

/** Limits and explanations; built late, so that plugins count. */
export function shapeSchema(): OptionSchema<typeof shapeDefaults> {
  return {
    windows: { description: "windows to compare, joined by commas" },
    steps: { integer: true, min: 1, max: 200, description: "steps of each search" },
    body: { oneOf: bodies.names(), description: "family of bodies; all have the circle's area" },
    parameters: { integer: true, min: 1, max: 40, description: "number of Fourier modes" },
    bound: { min: 0.01, max: 0.5, description: "largest size of a parameter" },
    stepLimit: { min: 1e-4, max: 0.2, description: "largest change of a parameter in a step" },
    stretch: { min: -0.5, max: 0.5, description: "first parameter where the searches start" },
    resolution: { min: 6, max: 100, description: "cells across the diameter" },
    reynolds: { min: 1, max: 700, description: "Reynolds number of mean velocity and diameter" },
    velocity: { min: 0.01, max: 0.12, description: "mean velocity in cells per step" },
    length: { min: 8, max: 100, description: "length of the channel in diameters" },
    transient: { min: 0, description: "time before the window, in diameters per mean velocity" },
    horizon: { min: 0.5, description: "time under the window; a shedding period takes about 3.3" },
    liftWeight: { min: 0, description: "weight of the squared missing lift, 0: lift is free" },
    minLift: { description: "mean lift coefficient to have, where the weight is positive" },
    memory: { min: 0.01, max: 64, description: "GiB of kept states in each search" },
    threads: {
      integer: true,
      min: 0,
      description: "searches at a time; threads left over share their steps; 0: all cores",
    },
    out: { description: "folder of the run, default a new one in runs/" },
    resume: { description: "go on with the study in --out" },
  };
}

const GIB = 2 ** 30;

/** Searches under every window and writes the report. */
export async function shapeStudy(
  recipe: string,
  options: ShapeOptions,
  { sink, signal }: RecipeContext,
): Promise<number> {
  const begin = performance.now();
  const searches = searchesOf(options);
  const { name: backend } = fastestKernel();
  const report = shapeReport.name;
  using folder = await openStudy(sink, { recipe, settings: options, seed: 0, backend, report });
  const ticker = new Ticker(sink, signal);
  const threads = options.threads || navigator.hardwareConcurrency;
  ticker.line(introduction(searches, Math.min(threads, searches.length)));
  let results: SearchResult[];
  try {
    results = await searchAll(
      searches,
      threads,
      ({ window }, design) => ticker.line(designLine(window, design)),
      (label) => ticker.tick({ label, done: 0 }),
      ({ window }, compute) => finishedPart(folder, window, searchResult, compute),
    );
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return interrupted(folder, (text) => ticker.line(text));
  }
  const seconds = (performance.now() - begin) / 1000;
  const found = results.map((r) => summaryOf(r));
  await writeRecord(join(folder.path, "flows.safetensors"), {
    flows: results.map(({ window, before, after }) => ({ window, before, after })),
  });
  const summary = { recipe, seed: 0, backend, seconds, windows: found };
  await folder.writeSummary(summary);
  ticker.line(`\n${resultTable(found)}\n\n${costs(results[0]!)}\n`);
  ticker.line(`Report after ${formatDuration(seconds)}: ${await writeReport(folder.path)}`);
  return 0;
}

function searchesOf(options: ShapeOptions): SearchSettings[] {
  usable(options);
  const names = [...new Set(options.windows.split(",").map((name) => name.trim()))];
  for (const name of names) {
    if (windows.has(name)) continue;
    throw new UsageError(`Cannot set --windows to "${name}": ${suggest(name, windows.names())}`);
  }
  if (Math.abs(options.stretch) > options.bound) {
    throw new UsageError(
      `Cannot set --stretch: expected at most --bound ${options.bound}, got ${options.stretch}`,
    );
  }
  const start = bodies.get(options.body).parameters(options.parameters).map(() => 0);
  start[0] = options.stretch;
  const {
    windows: _,
    parameters: __,
    stretch: ___,
    memory,
    threads: ____,
    out: _____,
    resume: ______,
    ...rest
  } = options;
  return names.map((window) => ({ ...rest, window, start, memoryLimit: memory * GIB }));
}

function introduction(searches: readonly SearchSettings[], threads: number): string {
  const { body, start, steps, reynolds } = searches[0]!;
  const names = searches.map((s) => s.window).join(", ");
  return `Least drag at Reynolds number ${reynolds}: ${body} of ${start.length} parameters and ` +
    `fixed area,\nsteps: ${steps}, windows: ${names}, searches at a time: ${threads}\n`;
}

function designLine(window: string, d: DesignStep): string {
  const trials = d.step === 0 ? "start" : d.moved ? `trial ${d.trials}` : "stayed";
  return [
    window.padEnd(12),
    `step ${String(d.step).padStart(2)}`,
    `drag ${d.drag.toFixed(4)} ± ${d.noise.toExponential(0)}`,
    `lift ${d.lift.toFixed(3).padStart(6)}`,
    trials.padEnd(7),
    formatDuration(d.seconds),
  ].join("  ");
}

function resultTable(found: readonly WindowSummary[]): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const heads = ["window", "drag", "to", "saved", "noise", "of gradient", "moved", "exact to"];
  const rows = found.map((w) => [
    w.window,
    w.dragBefore.toFixed(4),
    w.dragAfter.toFixed(4),
    `${(100 * w.saved).toFixed(1)} %`,
    w.noise.toExponential(1),
    w.gradientNoise.toExponential(1),
    `${w.moved} of ${w.designs.length - 1}`,
    w.gradientError.toExponential(0),
  ]);
  return renderTable([heads[0]!, ...heads.slice(1).map(right)], rows) +
    "\n\nDrag: mean over a long time of the first and the last design. Noise: of the\n" +
    "windowed drag as the window's start moves, root mean square over the designs; of\n" +
    "the first gradient, relative. Exact to: difference of that gradient from central\n" +
    "differences.";
}

function costs({ steps, forwardSteps, peakSnapshots, stateBytes }: SearchResult): string {
  return `One derivative: ${steps} steps back, ${forwardSteps} forward, ` +
    `${peakSnapshots} states kept in ${formatBytes(peakSnapshots * stateBytes)}`;
}
