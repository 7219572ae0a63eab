import { windows } from "../../core/mod.ts";
import { chosen } from "../chosen.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { windowingReport } from "../reports/windowing.ts";
import { finishStudy, interrupted, openStudy } from "../run_folder.ts";
import { type StudiedProblem, unsteadyProblems } from "../windowing/mod.ts";
import { described, introduction, studyProblem } from "../windowing/study.ts";

/** What decides the study. */
const defaults = {
  problem: "all", // five oscillators
  window: "all", // square to bump
  periods: 40, // of the longest window
  transient: 0, // periods before the window; 0 starts on the periodic solution
  tolerance: 1e-4, // of the monitor that decides when to stop
  snapshots: 100, // of the adjoint
  out: "",
  resume: false,
};

function schema(): OptionSchema<typeof defaults> {
  return {
    problem: { oneOf: ["all"], choiceOf: unsteadyProblems, description: "what is averaged" },
    window: { oneOf: ["all"], choiceOf: windows, description: "the window" },
    periods: { integer: true, min: 16, max: 200, description: "periods under the longest window" },
    transient: {
      integer: true,
      min: 0,
      max: 200,
      description: "periods before the window from a start off the cycle, 0 to start on it",
    },
    tolerance: { min: 1e-12, max: 1, description: "relative, of the criterion to stop" },
    snapshots: { integer: true, min: 1, description: "states that the adjoint keeps at most" },
    out: { description: "folder of the run, default a new one in runs/" },
    resume: { description: "go on with the study in --out" },
  };
}

/** The picture of the paper on windowing: error against periods, for averages and sensitivities. */
export const windowing: Recipe = recipe({
  name: "windowing",
  description: "windowed averages of oscillations: orders of convergence for every window; seconds",
  defaults,
  schema,
  job: study,
});

async function study(
  o: ParsedOptions<typeof defaults>,
  { sink, signal }: RecipeContext,
): Promise<number> {
  const begin = performance.now();
  const write = (text: string): void => sink.write(text);
  const about = { recipe: "windowing", seed: 0, backend: "float64", report: windowingReport.name };
  using folder = await openStudy(sink, { ...about, settings: o });
  write(introduction(o));
  const problems: StudiedProblem[] = [];
  for (const { plugin: problem } of chosen(unsteadyProblems, o.problem)) {
    const result = await studyProblem(problem, o, folder, signal);
    if (!result) return interrupted(folder, write);
    problems.push(result);
    write(described(result, problem));
  }
  const seconds = (performance.now() - begin) / 1000;
  return await finishStudy(folder, { seconds, problems }, (text) => write(`\n${text}\n`));
}
