/**
 * The flow past a circle on one grid, held against the published figures.
 *
 * @module
 */

import { anything, aRecord, byName, type Expectation } from "../../core/mod.ts";
import { formatCount, formatDuration, formatPercent, renderTable } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";
import { type Channel, channel, type ChannelOptions } from "./channel.ts";
import { circle } from "./fourier.ts";
import { vorticity } from "./fields.ts";
import type { FlowKernelKind } from "./kernel.ts";
import { flowFigures, type GridResult, gridResult } from "./measures.ts";
import type { ForceHistory } from "./objective.ts";
import { pressureDrop, pressureProbe } from "./pressure.ts";
import { measuredOf, relativeError } from "./reference.ts";
import { FlowSolver } from "./solver.ts";
import type { Ticker } from "./ticker.ts";

/** What decides a simulation, beside the grid. */
export interface Validation {
  /** Reynolds number of mean velocity and diameter. */
  readonly reynolds: number;
  /** Length of the channel in diameters. */
  readonly length: number;
  /** Simulated time in diameters per mean velocity. */
  readonly time: number;
  /** Part of it that is left out of all figures. */
  readonly settle: number;
}

/** What a grid came to, and what the report draws of it. */
export interface GridPart {
  /** The figures. */
  readonly result: GridResult;
  /** The drawing, a record. */
  readonly field: object;
}

/** What the folder of a study keeps of a grid. */
export const gridPart: Expectation<GridPart> = aRecord<GridPart>({
  result: gridResult,
  field: byName(anything),
});

/** Largest number of samples of a history that is kept for the report. */
const SAMPLES = 4000;

/** Velocity and cell size fall together, such that all errors are of second order. */
export function channelOf(resolution: number, { reynolds, length }: Validation): Channel {
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

/** Simulates the flow past a circle; what the report draws comes with it. */
export async function simulateGrid(
  place: Channel,
  resolution: number,
  options: Validation & { readonly kind: FlowKernelKind; readonly threads: number },
  ticker: Ticker,
): Promise<GridPart> {
  using solver = new FlowSolver(place, circle, options.kind, options.threads);
  const { stepsPerUnit, grid } = place;
  const steps = Math.round(options.time * stepsPerUnit);
  const history = { drag: new Float64Array(steps), lift: new Float64Array(steps) };
  const begin = performance.now();
  const probe = pressureProbe(place);
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
  const settled = Math.round(options.settle * stepsPerUnit);
  const figures = flowFigures(history, settled, stepsPerUnit, pressure);
  const cells = grid.nx * grid.ny;
  const result = { resolution, cells, steps, seconds, figures };
  return { result, field: recordOf(solver, history) };
}

/** What a grid cost. */
export function gridLine({ resolution, cells, steps, seconds }: GridResult): string {
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
export function figuresTable(results: readonly GridResult[], published: boolean): string {
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
