import { join } from "node:path";
import { finishedPart, windows, writeRecord } from "../../core/mod.ts";
import { bodies, fastestKernel } from "../flow/mod.ts";
import { type SearchResult, searchResult } from "../flow/search_records.ts";
import { searchAll } from "../flow/search_thread.ts";
import { costs, designLine, introduction, resultTable, searchesOf } from "../flow/shape_study.ts";
import { summaryOf } from "../flow/shape_summary.ts";
import { Interrupted, Ticker } from "../flow/ticker.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { shapeReport } from "../reports/shape.ts";
import { finishStudy, interrupted, openStudy } from "../run_folder.ts";

/** What decides the searches. */
const defaults = {
  windows: "square,hann-square,bump",
  steps: 10, // of each search
  body: "fourier", // radii by Fourier modes; all have the circle's area
  parameters: 8, // modes
  bound: 0.2, // largest size of a parameter
  stepLimit: 0.03, // largest change of a parameter in a step
  stretch: 0, // of the first body, in its first parameter
  resolution: 16, // cells per diameter
  reynolds: 100,
  velocity: 0.1, // mean, in cells per step
  length: 14, // of the channel, in diameters
  transient: 16, // diameters per mean velocity before the window
  horizon: 12, // under the window: nearly four shedding periods
  liftWeight: 0, // of the squared missing lift: it is free
  minLift: 0.2,
  memory: 0.5, // GiB of kept states in each search
  threads: 0, // 0: all cores
  out: "",
  resume: false,
};

function schema(): OptionSchema<typeof defaults> {
  return {
    windows: { choiceOf: windows, several: true, description: "windows to compare" },
    steps: { integer: true, min: 1, max: 200, description: "steps of each search" },
    body: { choiceOf: bodies, description: "family of bodies; all have the circle's area" },
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

/** Why windows: a search for less drag in a flow that never comes to rest. */
export const shape: Recipe = recipe({
  name: "shape",
  description: "body of least drag in a vortex street by the adjoint, window by window; minutes",
  defaults,
  schema,
  job: study,
});

/** Searches under every window and writes the report. */
async function study(
  o: ParsedOptions<typeof defaults>,
  { sink, signal }: RecipeContext,
): Promise<number> {
  const begin = performance.now();
  const { threads: limit, out: _out, resume: _resume, ...options } = o;
  const searches = searchesOf(options);
  const { name: backend } = fastestKernel();
  const about = { recipe: "shape", seed: 0, backend, report: shapeReport.name };
  using folder = await openStudy(sink, { ...about, settings: o });
  const ticker = new Ticker(sink, signal);
  const line = (text: string): void => ticker.line(text);
  const threads = limit || navigator.hardwareConcurrency;
  line(introduction(searches, Math.min(threads, searches.length)));
  let results: SearchResult[];
  try {
    results = await searchAll(
      searches,
      threads,
      ({ window }, design) => line(designLine(window, design)),
      (label) => ticker.tick({ label, done: 0 }),
      ({ window }, compute) => finishedPart(folder, window, searchResult, compute),
    );
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return interrupted(folder, line);
  }
  await writeRecord(join(folder.path, "flows.safetensors"), {
    flows: results.map(({ window, before, after }) => ({ window, before, after })),
  });
  const found = results.map((r) => summaryOf(r));
  line(`\n${resultTable(found)}\n\n${costs(results[0]!)}\n`);
  const seconds = (performance.now() - begin) / 1000;
  return await finishStudy(folder, { seconds, windows: found }, line);
}
