/**
 * The job behind the recipe `flow`: the flow past a circle on several grids, held against the
 * published figures.
 *
 * @module
 */

import { join } from "node:path";
import { anything, aRecord, byName, finishedPart, writeRecord } from "../../core/mod.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import type { RecipeContext } from "../recipe.ts";
import { flowReport } from "../reports/flow.ts";
import { writeReport } from "../reports/mod.ts";
import { interrupted, openStudy } from "../run_folder.ts";
import { formatCount, formatDuration, formatPercent, renderTable } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";
import { type Channel, channel, type ChannelOptions } from "./channel.ts";
import { circle } from "./fourier.ts";
import { vorticity } from "./fields.ts";
import { fastestKernel, flowKernels } from "./kernel.ts";
import { flowFigures, type GridResult, gridResult } from "./measures.ts";
import type { ForceHistory } from "./objective.ts";
import { pressureDrop, pressureProbe } from "./pressure.ts";
import { measuredOf, relativeError } from "./reference.ts";
import { FlowSolver } from "./solver.ts";
import { Interrupted, Ticker } from "./ticker.ts";

/** Everything that decides a simulation. */
export const flowDefaults = {
  grids: [16, 24, 32],
  reynolds: 100,
  time: 60,
  settle: 36,
  length: 22,
  kernel: "fastest",
  threads: 0, // 0: all cores
  out: "",
  resume: false,
};

/** Options of a simulation. */
export type FlowOptions = ParsedOptions<typeof flowDefaults>;

/** Limits and explanations; built late, so that plugins count. */
export function flowSchema(): OptionSchema<typeof flowDefaults> {
  return {
    grids: { integer: true, min: 6, max: 200, description: "cells per diameter, grid by grid" },
    reynolds: { min: 1, max: 1000, description: "Reynolds number of mean velocity and diameter" },
    time: { min: 1, description: "simulated time in diameters per mean velocity" },
    settle: { min: 0, description: "part of it that is left out of all figures" },
    length: { min: 8, max: 100, description: "length of the channel in diameters" },
    kernel: { oneOf: ["fastest", ...flowKernels.names()], description: "what computes the steps" },
    threads: { integer: true, min: 0, max: 64, description: "threads, 0 for all cores" },
    out: { description: "folder of the run, default a new one in runs/" },
    resume: { description: "go on with the study in --out" },
  };
}

/** What a grid came to, and what the report draws of it. */
const gridPart = aRecord<{ result: GridResult; field: object }>({
  result: gridResult,
  field: byName(anything),
});

/** Largest number of samples of a history that is kept for the report. */
const SAMPLES = 4000;

/** Simulates on every grid, the coarsest first, and writes the report. */
export async function validate(
  recipe: string,
  options: FlowOptions,
  { sink, signal }: RecipeContext,
): Promise<number> {
  const grids = [...new Set(options.grids)].sort((a, b) => a - b);
  const channels = grids.map((resolution) => channelOf(resolution, options));
  if (options.settle >= options.time) {
    throw new UsageError(
      `Cannot set --settle: expected less than --time ${options.time}, got ${options.settle}`,
    );
  }
  const kind = options.kernel === "fastest" ? fastestKernel() : flowKernels.get(options.kernel);
  const { name: backend } = kind;
  const report = flowReport.name;
  using folder = await openStudy(sink, { recipe, settings: options, seed: 0, backend, report });
  const ticker = new Ticker(sink, signal);
  const threads = options.threads || navigator.hardwareConcurrency;
  ticker.line(
    `Flow past a circle at Reynolds number ${options.reynolds}, kernel ${kind.name}, ` +
      `threads: ${threads}`,
  );
  const results: GridResult[] = [];
  try {
    for (const [k, place] of channels.entries()) {
      const compute = async () => {
        using solver = new FlowSolver(place, circle, kind, threads);
        const { result, history } = await simulateGrid(solver, grids[k]!, options, ticker);
        return { result, field: recordOf(solver, history) };
      };
      const { result, field } = await finishedPart(folder, `grid-${grids[k]}`, gridPart, compute);
      ticker.line(gridLine(result));
      results.push(result);
      await writeRecord(join(folder.path, "field.safetensors"), field);
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return interrupted(folder, (text) => ticker.line(text));
  }
  const seconds = results.reduce((sum, r) => sum + r.seconds, 0);
  const summary = { recipe, seed: 0, backend, seconds, grids: results };
  await folder.writeSummary(summary);
  ticker.line(`\n${figuresTable(results, options.reynolds === 100)}\n`);
  ticker.line(`Report after ${formatDuration(seconds)}: ${await writeReport(folder.path)}`);
  return 0;
}

/** Velocity and cell size fall together, such that all errors are of second order. */
function channelOf(resolution: number, { reynolds, length }: FlowOptions): Channel {
  return usable({ resolution, reynolds, length, velocity: 1 / Math.max(resolution, 10) });
}

/** A channel, with what is wrong about its options said as such. */
export function usable(options: ChannelOptions): Channel {
  try {
    return channel(options);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

async function simulateGrid(
  solver: FlowSolver,
  resolution: number,
  { time, settle }: FlowOptions,
  ticker: Ticker,
): Promise<{ result: GridResult; history: ForceHistory }> {
  const { stepsPerUnit, grid } = solver.channel;
  const steps = Math.round(time * stepsPerUnit);
  const history = { drag: new Float64Array(steps), lift: new Float64Array(steps) };
  const begin = performance.now();
  const probe = pressureProbe(solver.channel);
  const pressure = new Float64Array(steps);
  solver.loadInflow();
  for (let n = 0; n < steps; n++) {
    ({ drag: history.drag[n], lift: history.lift[n] } = solver.step());
    pressure[n] = pressureDrop(probe, solver.state);
    if (n % 50 === 0) {
      await ticker.tick({ label: `${resolution} cells per diameter`, done: n, total: steps });
    }
  }
  const seconds = (performance.now() - begin) / 1000;
  const figures = flowFigures(
    history,
    Math.round(settle * stepsPerUnit),
    stepsPerUnit,
    pressure,
  );
  const cells = grid.nx * grid.ny;
  return { result: { resolution, cells, steps, seconds, figures }, history };
}

function gridLine({ resolution, cells, steps, seconds }: GridResult): string {
  const speed = cells * steps / seconds / 1e6;
  return `${resolution} cells per diameter: ${formatCount(cells)} cells, ${formatCount(steps)} ` +
    `steps, ${formatDuration(seconds)}, ${speed.toFixed(0)} million cells/s`;
}

/** What the report draws. */
function recordOf(solver: FlowSolver, { drag, lift }: ForceHistory): object {
  const every = Math.ceil(drag.length / SAMPLES);
  const thin = (f: Float64Array): Float64Array => f.filter((_, n) => n % every === 0);
  const { width, height, values } = vorticity(solver.channel, solver.state);
  return {
    width,
    height,
    vorticity: Float32Array.from(values),
    diameter: solver.channel.diameter,
    center: solver.channel.center,
    interval: every / solver.channel.stepsPerUnit,
    drag: thin(drag),
    lift: thin(lift),
  };
}

/** Figures by grid, beside the published ones where they are for this Reynolds number. */
function figuresTable(results: readonly GridResult[], published: boolean): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const heads = ["", ...results.map((r) => right(`D/${r.resolution}`))];
  if (published) heads.push(right("published"), right("error"));
  const rows = measuredOf(results.at(-1)!.figures).map(({ interval, value }) => {
    const values = results.map((r) => r.figures[interval.figure]!);
    const cells = [interval.title, ...values.map((v) => v.toFixed(4))];
    if (!published) return cells;
    const error = formatPercent(relativeError(value, interval));
    return [...cells, `${interval.low}–${interval.high}`, error];
  });
  return renderTable(heads, rows);
}
