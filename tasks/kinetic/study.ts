/**
 * A problem solved in full or in low rank, with its files and its report.
 *
 * @module
 */

import { join } from "node:path";
import {
  type Algebra,
  finishedPart,
  integrators,
  type Matrix,
  openHostAlgebra,
  type RunFolder,
  writeAtomic,
  writeRecord,
} from "../../core/mod.ts";
import { chosen } from "../chosen.ts";
import { Interrupted, Ticker } from "../flow/ticker.ts";
import type { RecipeContext } from "../recipe.ts";
import { transportReport } from "../reports/transport.ts";
import { finishStudy, interrupted, openStudy } from "../run_folder.ts";
import { renderTable } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";
import { entropyPlan } from "./closures/entropy_run.ts";
import { designedSetup, designText, readDesign } from "./design.ts";
import { sampled } from "./grid.ts";
import { fastestSweep } from "./kernel.ts";
import type { Conserved } from "./low_rank_solver.ts";
import { asked, designChosen, type TransportOptions } from "./options.ts";
import { quadratures } from "./ordinates.ts";
import { anOutcome, type Outcome } from "./outcome.ts";
import type { KineticProblem, Setup } from "./problem.ts";
import { simulate, type Simulation } from "./simulate.ts";
import { outcomeTable, quantityTable, stalls, summaryOf } from "./outcome_table.ts";
import { TIME_METHODS } from "./step_size.ts";
import { basisOf, openLowRank, openMoments, openOrdinates } from "./transport_run.ts";
import { type VtkForm, vtkText } from "./vtk.ts";

/**
 * Solves a problem as options say.
 *
 * @param recipe Name of the recipe.
 * @param design Design parameters; default: those among the options.
 * @returns Exit code.
 * @throws {UsageError} When an option is wrong; nothing has been written then.
 */
export async function transportStudy(
  recipe: string,
  problem: KineticProblem,
  o: TransportOptions,
  { sink, signal }: RecipeContext,
  design: Readonly<Record<string, number>> = designChosen(problem, { ...o }),
): Promise<number> {
  const file = await readDesign(o.design);
  const setup = asked(() => designedSetup(problem, o.cells, design, file));
  checkQuadrature(problem, o);
  checkTime(o);
  const a = await openHostAlgebra();
  const plan = await planOf(a, problem, setup, o, (text) => sink.write(`${text}\n`));
  const backend = o.solver === "sn" ? fastestSweep().name : a.name;
  const about = { recipe, seed: 0, backend, report: transportReport.name };
  const settings: TransportOptions = { ...o, design: designText(file) };
  using folder = await openStudy(sink, { ...about, settings });
  const ticker = new Ticker(sink, signal);
  const line = (text: string): void => ticker.line(text);
  line(`${problem.name} on ${setup.grid.nx}×${setup.grid.ny} cells`);
  const outcomes: Outcome[] = [];
  try {
    for (const simulation of plan) {
      const compute = () => simulate(simulation, folder, ticker);
      outcomes.push(await finishedPart(folder, simulation.name, anOutcome, compute));
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return interrupted(folder, line);
  }
  await writeFiles(folder, setup, outcomes, o.vtk);
  line(`\n${renderTable(...outcomeTable(outcomes))}\n`);
  if (outcomes.length > 1) line(`${renderTable(...quantityTable(outcomes))}\n`);
  for (const text of stalls(outcomes)) line(text);
  const seconds = outcomes.reduce((sum, outcome) => sum + outcome.seconds, 0);
  return await finishStudy(folder, { seconds, runs: outcomes.map(summaryOf) }, line);
}

/** What is added to the name of an integrator. */
const CONSERVING: Readonly<Record<Conserved, string>> = {
  nothing: ", plain",
  mass: "",
  momentum: ", momentum",
};

/** @throws {UsageError} When the directions are not those of the problem. */
export function checkQuadrature(
  { dimension, name }: KineticProblem,
  o: Pick<TransportOptions, "quadrature" | "order">,
): void {
  const quadrature = quadratures.get(o.quadrature);
  if (quadrature.dimension !== dimension) {
    const fit = quadratures.list().filter((q) => q.dimension === dimension).map((q) => q.name);
    throw new UsageError(
      `Cannot solve ${name} with --quadrature ${o.quadrature}: expected one of ${fit.join(", ")}`,
    );
  }
  asked(() => quadrature.ordinates(o.order));
}

/** Ways to step that each solver has, beside the one that follows from its order. */
const TIMES: Readonly<Record<string, readonly string[]>> = {
  sn: TIME_METHODS,
  pn: ["euler", "heun"],
  mn: ["euler", "heun"],
  "low-rank": ["euler", "imex-euler"],
};

function checkTime({ solver, time }: TransportOptions): void {
  const known = ["auto", ...TIMES[solver]!];
  if (known.includes(time)) return;
  const hint = solver === "low-rank" ? "; sub-flows are advanced by --stepper" : "";
  throw new UsageError(
    `Cannot step --solver ${solver} by --time ${time}: expected one of ${known.join(", ")}${hint}`,
  );
}

/** What is run: a full solver, or low rank by each integrator, after the full one for errors. */
async function planOf(
  a: Algebra<Matrix>,
  problem: KineticProblem,
  setup: Setup,
  o: TransportOptions,
  line: (text: string) => void,
): Promise<Simulation[]> {
  const common = { setup, legacy: o.legacy };
  if (o.solver === "sn") {
    asked(() => openOrdinates(setup, o)).close();
    return [{ ...common, label: "S_N", name: "full", open: () => openOrdinates(setup, o) }];
  }
  if (o.solver === "mn") {
    const runs = await entropyPlan(problem.dimension, setup, o, line);
    asked(() => runs[0]!.open());
    return runs;
  }
  const basis = await basisOf(a, o, problem.dimension);
  const moments = (): ReturnType<typeof openMoments> => openMoments(a, setup, basis, o);
  asked(moments);
  const harmonic = o.solver === "pn" || o.angles === "harmonics";
  const full = {
    ...common,
    label: harmonic ? `P_${o.degree}` : "S_N, order 1",
    name: "full",
    open: () => harmonic ? moments() : openOrdinates(setup, { ...o, clip: false }, 1),
  };
  if (o.solver === "pn") return [full];
  const kept: readonly Conserved[] = o.conserve === "compare"
    ? ["mass", "nothing"]
    : [o.conserve as Conserved];
  const low = chosen(integrators, o.integrator).flatMap(({ label, plugin }) =>
    kept.map((conserved): Simulation => ({
      ...common,
      label: label + CONSERVING[conserved],
      name: `low-rank-${label.replaceAll(/[^\w-]/g, "_")}-${conserved}`,
      open: () => openLowRank(a, setup, basis, o, plugin, conserved),
    }))
  );
  return o.compare ? [full, ...low] : low;
}

/** What reports read of the runs on a problem. */
export function fieldOf(
  { grid, scattering, absorption, exact, time }: Setup,
  outcomes: readonly Outcome[],
): object {
  const known = exact && sampled(grid, (x, y) => exact(x, y, time));
  return {
    grid: { ...grid },
    attenuation: scattering.map((s, k) => s + absorption[k]!),
    absorption,
    outcomes,
    ...(known && { exact: known }),
  };
}

async function writeFiles(
  folder: RunFolder,
  setup: Setup,
  outcomes: readonly Outcome[],
  vtk: string,
): Promise<void> {
  const { grid, scattering, absorption } = setup;
  const last = outcomes.at(-1)!;
  await writeRecord(join(folder.path, "field.safetensors"), fieldOf(setup, outcomes));
  await writeAtomic(join(folder.path, "history.csv"), csvOf(last));
  if (vtk === "none") return;
  const fields = { "scalar flux": last.flux, scattering, absorption };
  await writeAtomic(join(folder.path, "field.vtk"), vtkText(grid, fields, vtk as VtkForm));
}

/** The history with all digits. */
function csvOf({ columns, history }: Outcome): string {
  const rows = Array.from({ length: history.length / columns.length }, (_, n) => {
    const row = history.subarray(n * columns.length, (n + 1) * columns.length);
    return Array.from(row, (v, k) => k === 0 ? String(v) : v.toExponential(16)).join(",");
  });
  return [columns.join(","), ...rows, ""].join("\n");
}
