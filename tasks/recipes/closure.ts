import { join } from "node:path";
import { finishedPart, openEngine, weightFormats, writeRecord } from "../../core/mod.ts";
import { chosen } from "../chosen.ts";
import { Interrupted, Ticker } from "../flow/ticker.ts";
import { closureNetworks } from "../kinetic/closures/networks.ts";
import { closureDefaults, closureSchema, gammasOf } from "../kinetic/closures/options.ts";
import {
  closureSimulations,
  type ClosureStudyOptions,
  systemOf,
  trainClosures,
} from "../kinetic/closures/study.ts";
import { kineticProblems } from "../kinetic/mod.ts";
import { asked, transportDefaults, type TransportOptions } from "../kinetic/options.ts";
import { anOutcome, type Outcome } from "../kinetic/outcome.ts";
import { outcomeTable, summaryOf } from "../kinetic/outcome_table.ts";
import { simulate } from "../kinetic/simulate.ts";
import { checkQuadrature, fieldOf } from "../kinetic/study.ts";
import type { ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { closureReport, networkRows } from "../reports/closure.ts";
import { finishStudy, interrupted, openStudy } from "../run_folder.ts";
import { renderTable } from "../terminal/mod.ts";

/** Entropy closures by networks, from samples to solvers (arXiv:2404.14312). */
export const closureRecipe: Recipe = recipe({
  name: "closure",
  description: "networks that close moments, trained, then in a solver beside Newton; minutes",
  defaults: closureDefaults,
  schema: closureSchema,
  job: study,
});

async function study(
  o: ParsedOptions<typeof closureDefaults>,
  { sink, signal }: RecipeContext,
): Promise<number> {
  const problem = kineticProblems.get(o.problem);
  const transport: TransportOptions = { ...transportDefaults, ...o, gamma: 0, time: "auto" };
  const chosenOptions: ClosureStudyOptions = {
    ...o,
    kinds: chosen(closureNetworks, o.network).map(({ plugin }) => plugin.name),
    gammas: gammasOf(o.gamma),
  };
  if (o.format !== "") weightFormats.get(o.format);
  checkQuadrature(problem, transport);
  const setup = asked(() => problem.setup(o.cells));
  const system = asked(() => systemOf(problem.dimension, chosenOptions));
  const { engine } = await openEngine(o.backend, o.threads > 0 ? { threads: o.threads } : {});
  const about = { recipe: "closure", seed: o.seed, backend: engine.backend };
  using folder = await openStudy(sink, { ...about, report: closureReport.name, settings: o });
  const ticker = new Ticker(sink, signal);
  const line = (text: string): void => ticker.line(text);
  try {
    const told = { line, signal };
    const networks = await trainClosures(folder, system, chosenOptions, engine, told);
    line(`\n${tableOf(networkRows(networks))}\n`);
    const { simulations, loaded } = await closureSimulations(
      ...[folder, problem, setup, transport, networks, engine] as const,
    );
    using stack = new DisposableStack();
    for (const { model } of loaded) stack.use(model);
    const outcomes: Outcome[] = [];
    for (const simulation of simulations) {
      const compute = () => simulate(simulation, folder, ticker);
      outcomes.push(await finishedPart(folder, `run-${simulation.name}`, anOutcome, compute));
    }
    await writeRecord(join(folder.path, "field.safetensors"), fieldOf(setup, outcomes));
    line(`${renderTable(...outcomeTable(outcomes))}\n`);
    const seconds = [...networks, ...outcomes].reduce((sum, part) => sum + part.seconds, 0);
    return await finishStudy(folder, { seconds, networks, runs: outcomes.map(summaryOf) }, line);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return interrupted(folder, line);
  }
}

function tableOf([heads, ...rows]: readonly string[][]): string {
  const columns = heads!.map((title, k) => ({ title, align: k === 0 ? "left" : "right" }) as const);
  return renderTable(columns, rows);
}
