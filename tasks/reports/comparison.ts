/**
 * The headline of a training report: what was reached, next to the dense twin.
 *
 * @module
 */

import {
  firstMeasure,
  type RunData,
  type Summary,
  type SummaryMeasure,
  type Table,
  testKey,
  type Tile,
} from "../../core/io/mod.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMeasure,
  formatNumber,
  formatPercent,
} from "../terminal/format.ts";
import { gapOf } from "./measures.ts";
import { timesTo } from "./time_to.ts";

/**
 * Says in a sentence or two what came out of a run.
 *
 * @param run The run, with its dense twin when there is one.
 * @returns Plain text.
 */
export function leadOf(run: RunData): string {
  const { summary, baseline } = run;
  if (!summary) return `This run has no result: ${progressOf(run)}.`;
  const measure = firstMeasure(summary);
  const reached = `${methodOf(summary)} reaches a test ${measure.name} of ` +
    `${formatMeasure(measure)} on ${summary.dataset} with ${sizeOf(summary)}.`;
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
  const [ours, theirs] = [firstMeasure(summary), firstMeasure(twin)];
  return `That is ${apart(ours, theirs.value)} its dense twin, which reaches ` +
    `${formatMeasure(theirs)}; a training step takes ` +
    `${formatNumber(summary.secondsPerStep / twin.secondsPerStep, 2)} times as long.`;
}

/** Such as "0.50 percentage points less than". */
function apart({ percent, value }: ReturnType<typeof firstMeasure>, other: number): string {
  if (!percent) return `${formatNumber(value / other, 3)} times that of`;
  const gap = 100 * (value - other);
  if (Math.abs(gap) < 0.005) return "as much as";
  return `${Math.abs(gap).toFixed(2)} percentage points ${gap >= 0 ? "more" : "less"} than`;
}

/**
 * The few numbers that matter.
 *
 * @param run The run.
 * @returns Tiles; none for a run without a result.
 */
export function tilesOf({ summary, baseline }: RunData): Tile[] {
  if (!summary) return [];
  const label = `test ${firstMeasure(summary).name}`;
  const tiles = [{ value: formatMeasure(firstMeasure(summary)), label }];
  const twin = baseline?.summary;
  if (twin) {
    tiles.push({ value: formatMeasure(firstMeasure(twin)), label: `${label}, dense twin` });
  }
  if (summary.parameters !== summary.denseParameters) {
    tiles.push({ value: `${summary.compression.toFixed(1)} %`, label: "fewer parameters" });
  }
  tiles.push({ value: formatDuration(summary.secondsPerStep), label: "per training step" });
  return tiles;
}

interface Row {
  readonly name: string;
  readonly value: (summary: Summary) => number;
  readonly show: (value: number) => string;
  /** How the two columns are compared; absent: not at all. */
  readonly compare?: (ours: number, theirs: number) => string;
}

const ratio = (ours: number, theirs: number): string => `× ${formatNumber(ours / theirs, 3)}`;
const short = (value: number): string => formatNumber(value, 3);

const TOTAL_TIME = "total time";

const ROWS: readonly Row[] = [
  { name: "test loss", value: (s) => s.testLoss, show: short },
  { name: "training loss", value: (s) => s.trainLoss, show: short },
  { name: "parameters", value: (s) => s.parameters, show: formatCount, compare: ratio },
  {
    name: "parameters saved",
    value: (s) => s.compression / 100,
    show: (v) => formatPercent(v),
  },
  {
    name: "time per step",
    value: (s) => s.secondsPerStep,
    show: formatDuration,
    compare: ratio,
  },
  { name: TOTAL_TIME, value: (s) => s.seconds, show: formatDuration, compare: ratio },
  { name: "epochs", value: (s) => s.epochs, show: formatCount },
  { name: "steps", value: (s) => s.steps, show: formatCount },
];

/** The row of a measure. */
function rowOf(measure: SummaryMeasure): Row {
  return {
    name: `test ${measure.name}`,
    value: (s) => s[testKey(measure.name)] ?? NaN,
    show: (value) => formatMeasure({ ...measure, value }),
    compare: (ours, theirs) => gapOf(measure, ours, theirs),
  };
}

/** What processes told each other, of runs by several. */
function trafficRows(summary: Summary, twin: Summary = summary): Row[] {
  if (!summary.traffic || !twin.traffic) return [];
  const { processes } = summary.traffic;
  return [{
    name: `bytes a step, ${processes} processes`,
    value: (s) => s.traffic!.bytes,
    show: formatBytes,
    compare: ratio,
  }, {
    name: "with whole matrices",
    value: (s) => s.traffic!.denseBytes,
    show: formatBytes,
  }];
}

/** What the time went to, of runs that tell. */
function timeRows(summary: Summary, twin: Summary = summary): Row[] {
  const parts = Object.keys(summary.spent ?? {}).filter((part) => part in (twin.spent ?? {}));
  return parts.map((part) => ({
    name: `of which ${part}`,
    value: (s) => s.spent![part]!,
    show: formatDuration,
    compare: ratio,
  }));
}

/**
 * The table of results next to those of the dense twin.
 *
 * @param run The run.
 * @returns A table; undefined for a run without a result.
 */
export function comparisonTable(run: RunData): Table | undefined {
  const { summary, baseline } = run;
  if (!summary) return undefined;
  const twin = baseline?.summary;
  const time = ROWS.findIndex(({ name }) => name === TOTAL_TIME) + 1;
  const rest = ROWS.toSpliced(time, 0, ...timeRows(summary, twin));
  const all = [...summary.measures.map(rowOf), ...rest, ...trafficRows(summary, twin)];
  if (!twin) {
    const rows = all.map((m) => [m.name, m.show(m.value(summary))]);
    return { columns: ["", "this run"], rows: [...rows, ...timesTo(run)], numeric: true };
  }
  const rows = all.map((m) => {
    const [ours, theirs] = [m.value(summary), m.value(twin)];
    return [m.name, m.show(ours), m.show(theirs), m.compare?.(ours, theirs) ?? ""];
  });
  const name = summary.parameters < summary.denseParameters ? "low rank" : "this run";
  return {
    columns: ["", name, "dense twin", "difference"],
    rows: [...rows, ...timesTo(run)],
    numeric: true,
  };
}
