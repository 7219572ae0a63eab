/**
 * The searches for a body of least drag that a study compares, and how they are told.
 *
 * @module
 */

import { choose, windows } from "../../core/mod.ts";
import { chosen } from "../chosen.ts";
import { formatBytes, formatDuration, renderTable } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";
import { bodies } from "./body.ts";
import type { DesignStep, SearchResult, SearchSettings } from "./search_records.ts";
import type { WindowSummary } from "./shape_summary.ts";
import { usable } from "./validation.ts";

const GIB = 2 ** 30;

/** What decides the searches. */
export interface ShapeOptions extends Omit<SearchSettings, "window" | "start" | "memoryLimit"> {
  /** Choices of windows, joined by commas. */
  readonly windows: string;
  /** Number of parameters of the body. */
  readonly parameters: number;
  /** The first of them where the searches start. */
  readonly stretch: number;
  /** GiB of kept states in each search. */
  readonly memory: number;
}

/**
 * The search under each window.
 *
 * @throws {UsageError} When a window is unknown, or lengths contradict each other.
 */
export function searchesOf(options: ShapeOptions): SearchSettings[] {
  usable(options);
  const names = chosen(windows, options.windows).map(({ label }) => label);
  if (Math.abs(options.stretch) > options.bound) {
    throw new UsageError(
      `Cannot set --stretch: expected at most --bound ${options.bound}, got ${options.stretch}`,
    );
  }
  const start = choose(bodies, options.body).parameters(options.parameters).map(() => 0);
  start[0] = options.stretch;
  const { windows: _w, parameters: _p, stretch: _s, memory, ...shared } = options;
  return names.map((window) => ({ ...shared, window, start, memoryLimit: memory * GIB }));
}

/** What is searched for. */
export function introduction(searches: readonly SearchSettings[], threads: number): string {
  const { body, start, steps, reynolds } = searches[0]!;
  const names = searches.map((s) => s.window).join(", ");
  return `Least drag at Reynolds number ${reynolds}: ${body} of ${start.length} parameters and ` +
    `fixed area,\nsteps: ${steps}, windows: ${names}, searches at a time: ${threads}\n`;
}

/** A step of a search. */
export function designLine(window: string, d: DesignStep): string {
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

/** What each search came to. */
export function resultTable(found: readonly WindowSummary[]): string {
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

/** What a derivative cost. */
export function costs({ steps, forwardSteps, peakSnapshots, stateBytes }: SearchResult): string {
  return `One derivative: ${steps} steps back, ${forwardSteps} forward, ` +
    `${peakSnapshots} states kept in ${formatBytes(peakSnapshots * stateBytes)}`;
}
