/** Runs of every kind of report, as small as their files may be, and their pages. */

import { type Summary, toJson, writeRecord } from "../../core/mod.ts";
import { writeReport } from "../../tasks/mod.ts";
import type { GridResult } from "../../tasks/flow/measures.ts";
import type { DesignStep, FlowPicture } from "../../tasks/flow/search_records.ts";
import type { WindowSummary } from "../../tasks/flow/shape_summary.ts";
import type { CollisionRecord, JudgedCollision } from "../../tasks/kinetic/collision/result.ts";
import type { Outcome } from "../../tasks/kinetic/outcome.ts";
import type { ProblemResult } from "../../tasks/ode/mod.ts";
import type { RobustResult } from "../../tasks/robust/result.ts";
import type { CellResult } from "../../tasks/sweep/results.ts";
import type { StudiedProblem } from "../../tasks/windowing/mod.ts";

const TRAINED: Summary = {
  recipe: "mnist",
  seed: 1,
  backend: "cpu",
  dataset: "blobs",
  epochs: 1,
  steps: 2,
  trainLoss: NaN,
  testLoss: 1,
  testAccuracy: 0.5,
  measures: [{ name: "accuracy", better: "more", percent: true }],
  parameters: 10,
  denseParameters: 20,
  compression: 50,
  ranks: { w: 2 },
  secondsPerStep: 0.1,
  seconds: 1,
};

const DESIGN: DesignStep = {
  ...{ step: 0, parameters: [0], value: 3, drag: 3, lift: 0 },
  ...{ noise: 0.1, strouhal: 0.3, trials: 1, moved: false, seconds: 1 },
};
const FIGURES = {
  ...{ strouhal: 0.3, periods: 2, dragMean: 3, dragMax: 3, dragMin: 3 },
  ...{ liftMean: 0, liftMax: 1, liftMin: -1 },
};
const PICTURE: FlowPicture = {
  width: 4,
  height: 2,
  vorticity: new Float32Array(8),
  interval: 0.5,
  drag: new Float64Array(30),
  lift: new Float64Array(30),
};

/** What the files of a run hold. */
export interface ReportedRun {
  readonly kind: string;
  readonly settings: Record<string, unknown>;
  readonly summary: Record<string, unknown>;
  readonly file?: readonly [name: string, record: Record<string, unknown>];
}

const problem: ProblemResult = {
  ...{ problem: "p", rank: 2, stepSizes: [0.1], best: 1e-6 },
  curves: [{ integrator: "a", errors: [1], secondsPerStep: 1 }],
};
const studied: StudiedProblem = {
  ...{ problem: "p", period: 1, average: 1, sensitivity: 1, periods: [4] },
  curves: [{ window: "hann", order: 3, average: [1], sensitivity: [1], stop: null }],
  signal: { times: [0], outputs: [1], tangents: [1] },
  check: null,
};
const grid: GridResult = { resolution: 4, cells: 8, steps: 2, seconds: 1, figures: FIGURES };
const searched: WindowSummary = {
  ...{ window: "hann", designs: [DESIGN], dragBefore: 3, dragAfter: 2, saved: 0.3, noise: 0.1 },
  ...{ largestNoise: 0.1, moved: 0, gradientError: 1e-6, gradientNoise: 0.1, steps: 2 },
  ...{ forwardSteps: 4, peakSnapshots: 1, stateBytes: 8 },
};
const attacked: RobustResult = {
  ...{ label: "dense", folder: "d", method: "dense", seed: 1, tolerance: 0, beta: 0 },
  ...{ testAccuracy: 1, cleanAccuracy: 1, parameters: 1, compression: 0, ranks: {} },
  ...{ secondsPerStep: 1, lipschitz: 1 },
  conditioning: { w: { condition: 1, norm: 1, spread: 0, bound: 1, factorised: true } },
  attacked: [{ attack: "fgsm", norm: "linf", epsilon: 0.1, accuracy: 0.5 }],
  examples: [{ label: 0, before: 0, after: 1, image: btoa("a"), attacked: btoa("b") }],
};
const cell: CellResult = { folder: "c", values: { seed: "1" }, summary: TRAINED };

const transported: Outcome = {
  ...{ label: "S_N", columns: ["Iter", "Mass", "Total_absorption", "Cur_absorption"] },
  ...{ history: Float64Array.of(0, 1, 2, 3, 1, 2, 4, 2), windows: new Float64Array(0) },
  ...{ flux: Float64Array.of(0, 1, 2, 3), ranks: new Float64Array(0) },
  balance: { source: 1, absorbed: 1, outflow: 0, inflow: 0, clipped: 0 },
  ...{ defect: 1e-16, law: 0, lost: 0, numbers: 16, dt: 0.1, seconds: 1 },
};
const inLowRank: Outcome = {
  ...{ ...transported, label: "augmented-bug, plain", ranks: Float64Array.of(2, 3) },
  ...{ defect: NaN, law: 1e-3, lost: 2 },
};

const two = Float64Array.of(1, 2);
const streamed = { x: two, flux: two, defect: 1e-16 };
const judged: JudgedCollision = {
  ...{ label: "plain", error: 0.1, defect: 1e-3, naiveError: 1, sample: two },
  relaxation: { times: two, errors: two, drifts: two },
  ...{ inflow: streamed, pulse: streamed, inflowError: 1e-4, pulseError: 1e-4 },
};
const COLLISION: CollisionRecord = {
  ...{ v: two, density: two, exact: judged, judged: [judged] },
  trained: [{
    ...{ label: "plain", weights: { w: two }, scale: 1, branch: 2, fullBranch: 2 },
    ...{ parameters: 2, steps: two, losses: two, seconds: 1 },
  }],
};

/** One for each kind of report. */
export const REPORTED_RUNS: readonly ReportedRun[] = [
  {
    kind: "training",
    settings: { rank: 2 },
    summary: {
      ...TRAINED,
      confusion: [[1, 2], [3, 4]],
      classNames: ["a", "b"],
      executions: {
        k: {
          choice: "chain",
          chain: { flops: 1, bytes: 1 },
          reconstructed: { flops: 2, bytes: 2 },
        },
      },
    },
  },
  { kind: "convergence", settings: {}, summary: { problems: [problem] } },
  { kind: "windowing", settings: {}, summary: { problems: [studied] } },
  {
    kind: "flow",
    settings: { reynolds: 100, settle: 1 },
    summary: { grids: [grid] },
    file: ["field.safetensors", {
      ...PICTURE,
      diameter: 2,
      center: [1, 1],
    }],
  },
  {
    kind: "shape",
    settings: { reynolds: 100, horizon: 2, transient: 1, body: "ellipse" },
    summary: { seconds: 1, windows: [searched] },
    file: ["flows.safetensors", { flows: [{ window: "hann", before: PICTURE, after: PICTURE }] }],
  },
  {
    kind: "robust",
    settings: {},
    summary: { classNames: ["a", "b"], shape: [1, 1, 1], results: [attacked] },
  },
  {
    kind: "transport",
    settings: {},
    summary: { seconds: 1, runs: [] },
    file: ["field.safetensors", {
      grid: { nx: 2, ny: 2, hx: 0.5, hy: 0.5, x0: 0, y0: 0 },
      attenuation: Float64Array.of(0, 1, 10, 100),
      exact: Float64Array.of(0, 1, 2, 3),
      outcomes: [transported, inLowRank],
    }],
  },
  {
    kind: "closure",
    settings: {},
    summary: {
      networks: [{
        ...{ label: "M_1, input-convex", folder: "networks/a", falling: 0, parameters: 9 },
        errors: { entropy: 1e-3, multipliers: 1e-2, moments: 1e-4 },
        ...{ losses: [2, 1], seconds: 1 },
      }],
    },
    file: ["field.safetensors", {
      grid: { nx: 2, ny: 2, hx: 0.5, hy: 0.5, x0: 0, y0: 0 },
      attenuation: Float64Array.of(0, 1, 10, 100),
      outcomes: [transported],
    }],
  },
  {
    kind: "federated",
    settings: {},
    summary: {
      federated: [{
        ...{ title: "t", measure: "accuracy", better: "more", targets: [0.5] },
        curves: [{
          ...{ method: "fedlrt", rounds: [1, 2], values: [0.4, 0.6], ranks: [4, 5] },
          ...{ bytes: [10, 20], drift: [1, 0.5], held: 8, seconds: 1 },
        }],
      }],
    },
  },
  {
    kind: "collision",
    settings: { kernel: "isotropic", space: "slab" },
    summary: { seconds: 1 },
    file: ["collision.safetensors", { ...COLLISION }],
  },
  { kind: "sweep", settings: {}, summary: { cells: [cell] } },
  {
    kind: "pretrain",
    settings: {},
    summary: { cells: [{ ...cell, values: { way: "adam", rate: "0.1", seed: "1" } }] },
  },
];

/** Writes the files of a run and makes its report. */
export async function reportOf(
  path: string,
  { kind, settings, summary, file }: ReportedRun,
): Promise<string> {
  const config = { recipe: "x", settings, seed: 1, backend: "cpu", report: kind };
  await Deno.writeTextFile(`${path}/config.json`, toJson(config));
  await Deno.writeTextFile(`${path}/summary.json`, toJson(summary));
  if (file) await writeRecord(`${path}/${file[0]}`, file[1]);
  return await Deno.readTextFile(await writeReport(path));
}
