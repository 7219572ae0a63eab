/**
 * The headline of a training report: what was reached, next to the dense twin.
 *
 * @module
 */

import type { RunData, Summary, Table, Tile } from "../../core/io/mod.ts";
import { formatCount, formatDuration, formatNumber, formatPercent } from "../terminal/format.ts";

/**
 * Says in a sentence or two what came out of a run.
 *
 * @param run The run, with its dense twin when there is one.
 * @returns Plain text.
 */
export function leadOf(run: RunData): string {
  const { summary, baseline } = run;
  if (!summary) return `This run has no result: ${progressOf(run)}.`;
  const reached = `${methodOf(summary)} classifies ${formatPercent(summary.testAccuracy, 2)} of ` +
    `the test set of ${summary.dataset} correctly with ${sizeOf(summary)}.`;
  return baseline?.summary ? `${reached} ${twinSentence(summary, baseline.summary)}` : reached;
}

function progressOf(run: RunData): string {
  const last = run.metrics.at(-1);
  return last
    ? `${formatCount(last.step)} steps are logged, in epoch ${last.epoch}`
    : "nothing is logged yet";
}

function methodOf(summary: Summary): string {
  return summary.method ? `The network (${summary.method})` : "The network";
}

function sizeOf({ parameters, denseParameters, compression }: Summary): string {
  const count = `${formatCount(parameters)} parameters`;
  return parameters === denseParameters
    ? count
    : `${count}, ${formatNumber(compression, 3)} % fewer than with full matrices`;
}

function twinSentence(summary: Summary, twin: Summary): string {
  const gap = 100 * (summary.testAccuracy - twin.testAccuracy);
  const side = gap >= 0 ? "more" : "less";
  const difference = Math.abs(gap) < 0.005
    ? "as much"
    : `${Math.abs(gap).toFixed(2)} percentage points ${side}`;
  const than = difference === "as much" ? "as" : "than";
  return `That is ${difference} ${than} its dense twin, which reaches ` +
    `${formatPercent(twin.testAccuracy, 2)}; a training step takes ` +
    `${formatNumber(summary.secondsPerStep / twin.secondsPerStep, 2)} times as long.`;
}

/**
 * The few numbers that matter.
 *
 * @param run The run.
 * @returns Tiles; none for a run without a result.
 */
export function tilesOf({ summary, baseline }: RunData): Tile[] {
  if (!summary) return [];
  const tiles = [{ value: formatPercent(summary.testAccuracy, 2), label: "test accuracy" }];
  const twin = baseline?.summary;
  if (twin) {
    tiles.push({ value: formatPercent(twin.testAccuracy, 2), label: "test accuracy, dense twin" });
  }
  if (summary.parameters !== summary.denseParameters) {
    tiles.push({ value: `${summary.compression.toFixed(1)} %`, label: "fewer parameters" });
  }
  tiles.push({ value: formatDuration(summary.secondsPerStep), label: "per training step" });
  return tiles;
}

interface Measure {
  readonly name: string;
  readonly value: (summary: Summary) => number;
  readonly show: (value: number) => string;
  /** How the two columns are compared: by difference in points, by ratio, or not at all. */
  readonly compare: "points" | "ratio" | "none";
}

const percent = (value: number): string => formatPercent(value, 2);
const short = (value: number): string => formatNumber(value, 3);

const MEASURES: readonly Measure[] = [
  { name: "test accuracy", value: (s) => s.testAccuracy, show: percent, compare: "points" },
  { name: "test loss", value: (s) => s.testLoss, show: short, compare: "none" },
  { name: "training loss", value: (s) => s.trainLoss, show: short, compare: "none" },
  { name: "parameters", value: (s) => s.parameters, show: formatCount, compare: "ratio" },
  {
    name: "parameters saved",
    value: (s) => s.compression / 100,
    show: (v) => formatPercent(v),
    compare: "none",
  },
  {
    name: "time per step",
    value: (s) => s.secondsPerStep,
    show: formatDuration,
    compare: "ratio",
  },
  { name: "total time", value: (s) => s.seconds, show: formatDuration, compare: "ratio" },
  { name: "epochs", value: (s) => s.epochs, show: formatCount, compare: "none" },
  { name: "steps", value: (s) => s.steps, show: formatCount, compare: "none" },
];

/**
 * The table of results next to those of the dense twin.
 *
 * @param run The run.
 * @returns A table; undefined for a run without a result.
 */
export function comparisonTable({ summary, baseline }: RunData): Table | undefined {
  if (!summary) return undefined;
  const twin = baseline?.summary;
  if (!twin) {
    const rows = MEASURES.map((m) => [m.name, m.show(m.value(summary))]);
    return { columns: ["", "this run"], rows, numeric: true };
  }
  const rows = MEASURES.map((m) => {
    const [ours, theirs] = [m.value(summary), m.value(twin)];
    return [m.name, m.show(ours), m.show(theirs), compared(m.compare, ours, theirs)];
  });
  const name = summary.parameters < summary.denseParameters ? "low rank" : "this run";
  return { columns: ["", name, "dense twin", "difference"], rows, numeric: true };
}

function compared(how: Measure["compare"], ours: number, theirs: number): string {
  if (how === "none") return "";
  if (how === "ratio") return `× ${formatNumber(ours / theirs, 3)}`;
  const gap = 100 * (ours - theirs);
  return `${gap < 0 ? "−" : "+"}${Math.abs(gap).toFixed(2)} points`;
}
