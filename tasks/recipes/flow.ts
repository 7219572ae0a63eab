import { join } from "node:path";
import { finishedPart, writeRecord } from "../../core/mod.ts";
import { fastestKernel, flowKernels, type GridResult } from "../flow/mod.ts";
import { Interrupted, Ticker } from "../flow/ticker.ts";
import { channelOf, figuresTable, gridLine, gridPart, simulateGrid } from "../flow/validation.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { flowReport } from "../reports/flow.ts";
import { finishStudy, interrupted, openStudy } from "../run_folder.ts";
import { UsageError } from "../usage_error.ts";

/** What decides the simulations. */
const defaults = {
  grids: [16, 24, 32], // cells per diameter
  reynolds: 100, // that of the published figures
  time: 60, // diameters per mean velocity; a shedding period takes about 3.3
  settle: 36, // of that, until the vortex street is there
  length: 22, // of the channel, in diameters
  kernel: "fastest",
  threads: 0, // 0: all cores
  out: "",
  resume: false,
};

function schema(): OptionSchema<typeof defaults> {
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

/** The simulation that `shape` optimises, by itself and held against the benchmark. */
export const flow: Recipe = recipe({
  name: "flow",
  description: "vortex street behind a cylinder, held against published figures; a minute or two",
  defaults,
  schema,
  job: validate,
});

/** Simulates on every grid, the coarsest first, and writes the report. */
async function validate(
  o: ParsedOptions<typeof defaults>,
  { sink, signal }: RecipeContext,
): Promise<number> {
  const grids = [...new Set(o.grids)].sort((a, b) => a - b);
  const channels = grids.map((resolution) => channelOf(resolution, o));
  if (o.settle >= o.time) {
    throw new UsageError(
      `Cannot set --settle: expected less than --time ${o.time}, got ${o.settle}`,
    );
  }
  const kind = o.kernel === "fastest" ? fastestKernel() : flowKernels.get(o.kernel);
  const threads = o.threads || navigator.hardwareConcurrency;
  const about = { recipe: "flow", seed: 0, backend: kind.name, report: flowReport.name };
  using folder = await openStudy(sink, { ...about, settings: o });
  const ticker = new Ticker(sink, signal);
  const line = (text: string): void => ticker.line(text);
  line(
    `Flow past a circle at Reynolds number ${o.reynolds}, kernel ${kind.name}, ` +
      `threads: ${threads}`,
  );
  const results: GridResult[] = [];
  try {
    for (const [k, place] of channels.entries()) {
      const compute = () => simulateGrid(place, grids[k]!, { ...o, kind, threads }, ticker);
      const { result, field } = await finishedPart(folder, `grid-${grids[k]}`, gridPart, compute);
      line(gridLine(result));
      results.push(result);
      await writeRecord(join(folder.path, "field.safetensors"), field);
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return interrupted(folder, line);
  }
  line(`\n${figuresTable(results, o.reynolds === 100)}\n`);
  const seconds = results.reduce((sum, r) => sum + r.seconds, 0);
  return await finishStudy(folder, { seconds, grids: results }, line);
}
