import { integrators, openHostAlgebra, steppers } from "../../core/mod.ts";
import { chosen } from "../chosen.ts";
import { odeProblems, type ProblemResult } from "../ode/mod.ts";
import { errorTable, solveAll } from "../ode/study.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { convergenceReport } from "../reports/convergence.ts";
import { finishStudy, interrupted, openStudy } from "../run_folder.ts";

/** What decides the study. */
const defaults = {
  seed: 1,
  problem: "all", // four matrix equations
  integrator: "all",
  stepper: "rk4", // so exact that the error of the integrator is what shows
  rank: 0, // 0: that of each problem
  steps: 10, // at the largest step size
  halvings: 3, // of the step size
  out: "",
  resume: false,
};

function schema(): OptionSchema<typeof defaults> {
  return {
    seed: { integer: true, min: 0, description: "seed of the random problems" },
    problem: { oneOf: ["all"], choiceOf: odeProblems, description: "what is solved" },
    integrator: { oneOf: ["all"], choiceOf: integrators, description: "what solves it" },
    stepper: { choiceOf: steppers, description: "how the sub-flows of a step are advanced" },
    rank: { integer: true, min: 0, description: "rank, 0 for that of each problem" },
    steps: { integer: true, min: 1, description: "number of steps at the largest step size" },
    halvings: { integer: true, min: 1, max: 8, description: "how often the step size is halved" },
    out: { description: "folder of the run, default a new one in runs/" },
    resume: { description: "go on with the study in --out" },
  };
}

/** The picture that every paper on low-rank integrators has: error against step size for all. */
export const integratorStudy: Recipe = recipe({
  name: "integrators",
  description: "error against step size for every integrator on matrix equations; minutes",
  defaults,
  schema,
  job: study,
});

async function study(o: ParsedOptions<typeof defaults>, context: RecipeContext): Promise<number> {
  const begin = performance.now();
  const write = (text: string): void => context.sink.write(text);
  const { name: backend } = await openHostAlgebra();
  write(`Computing in ${backend}\n`);
  const about = { recipe: "integrators", seed: o.seed, backend, report: convergenceReport.name };
  using folder = await openStudy(context.sink, { ...about, settings: o });
  const problems: ProblemResult[] = [];
  for (const { plugin: problem } of chosen(odeProblems, o.problem)) {
    const result = await solveAll(problem, o, folder, context);
    if (!result) return interrupted(folder, write);
    problems.push(result);
    write(`\n${problem.title}, rank ${result.rank}\n${errorTable(result)}\n`);
  }
  const seconds = (performance.now() - begin) / 1000;
  return await finishStudy(folder, { seconds, problems }, (text) => write(`\n${text}\n`));
}
