/**
 * The job behind the recipe `integrators`: every integrator on every problem, from options to
 * report.
 *
 * @module
 */

import {
  finishedPart,
  type Integrator,
  integrators,
  openHostAlgebra,
  type RunFolder,
} from "../../core/mod.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import type { RecipeContext } from "../recipe.ts";
import { convergenceReport, orderText } from "../reports/convergence.ts";
import { writeReport } from "../reports/mod.ts";
import { interrupted, openStudy } from "../run_folder.ts";
import { formatDuration, renderTable } from "../terminal/mod.ts";
import {
  type Convergence,
  convergence,
  convergenceResult,
  measuredOrder,
  type ProblemResult,
} from "./measure.ts";
import { type OdeProblem, odeProblems } from "./problem.ts";

/** Everything that decides a study. */
export const studyDefaults = {
  seed: 1,
  problem: "all",
  integrator: "all",
  rank: 0, // 0: that of each problem
  steps: 10, // of the first curve point
  halvings: 3,
  out: "",
  resume: false,
};

/** Options of a study. */
export type StudyOptions = ParsedOptions<typeof studyDefaults>;

/** Limits and explanations; built late, so that plugins count. */
export function studySchema(): OptionSchema<typeof studyDefaults> {
  return {
    seed: { integer: true, min: 0, description: "seed of the random problems" },
    problem: { oneOf: ["all", ...odeProblems.names()], description: "what is solved" },
    integrator: { oneOf: ["all", ...integrators.known()], description: "what solves it" },
    rank: { integer: true, min: 0, description: "rank, 0 for that of each problem" },
    steps: { integer: true, min: 1, description: "number of steps at the largest step size" },
    halvings: { integer: true, min: 1, max: 8, description: "how often the step size is halved" },
    out: { description: "folder of the run, default a new one in runs/" },
    resume: { description: "go on with the study in --out" },
  };
}

/**
 * Measures errors against step sizes.
 *
 * @param recipe Registry name of the recipe.
 * @returns Exit code: 0 when finished, 130 when interrupted.
 */
export async function study(
  recipe: string,
  options: StudyOptions,
  { sink, signal }: RecipeContext,
): Promise<number> {
  const begin = performance.now();
  const { name: backend } = await openHostAlgebra();
  sink.write(`Computing in ${backend}\n`);
  const { seed } = options;
  const report = convergenceReport.name;
  using folder = await openStudy(sink, { recipe, settings: options, seed, backend, report });
  const problems: ProblemResult[] = [];
  for (const problem of chosen(odeProblems, options.problem)) {
    const result = await solveAll(problem, options, folder, { sink, signal });
    if (!result) return interrupted(folder, (text) => sink.write(text));
    problems.push(result);
    sink.write(`\n${problem.title}, rank ${result.rank}\n${tableOf(result)}\n`);
  }
  const seconds = (performance.now() - begin) / 1000;
  const summary = { recipe, seed, backend, seconds, problems };
  await folder.writeSummary(summary);
  sink.write(`\nReport after ${formatDuration(seconds)}: ${await writeReport(folder.path)}\n`);
  return 0;
}

/** All integrators on one problem; undefined when interrupted. */
async function solveAll(
  problem: OdeProblem,
  options: StudyOptions,
  folder: RunFolder,
  { sink, signal }: RecipeContext,
): Promise<ProblemResult | undefined> {
  const open = await problem.open(options.seed);
  const rank = options.rank || problem.rank;
  const counts = Array.from({ length: options.halvings + 1 }, (_, i) => options.steps * 2 ** i);
  const curves: Convergence[] = [];
  const chosenOnes: Integrator[] = chosen(integrators, options.integrator);
  for (const [i, integrator] of chosenOnes.entries()) {
    if (signal.aborted) return undefined;
    sink.write(`${problem.name}: ${integrator.name} (${i + 1} of ${chosenOnes.length})\n`);
    const compute = () => convergence(open, integrator, rank, counts);
    const part = `${problem.name}-${integrator.name}`;
    curves.push(await finishedPart(folder, part, convergenceResult, compute));
    // Ctrl-C is heard between integrators.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return {
    problem: problem.name,
    rank,
    stepSizes: counts.map((n) => problem.duration / n),
    best: await open.best(rank),
    curves,
  };
}

function chosen<T>(table: { list(): T[]; get(name: string): T }, name: string): T[] {
  return name === "all" ? table.list() : [table.get(name)];
}

function tableOf({ stepSizes, best, curves }: ProblemResult): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const heads = [
    "integrator",
    ...stepSizes.map((h) => right(`h=${Number(h.toPrecision(3))}`)),
    right("order"),
  ];
  const rows = curves.map(({ integrator, errors }) => [
    integrator,
    ...errors.map((e) => e.toExponential(1)),
    orderText(measuredOrder(stepSizes, errors, best)),
  ]);
  return renderTable(heads, rows);
}
