/**
 * Every integrator on one problem.
 *
 * @module
 */

import {
  choose,
  finishedPart,
  type Integrator,
  integrators,
  type RunFolder,
  steppers,
} from "../../core/mod.ts";
import { chosen } from "../chosen.ts";
import type { RecipeContext } from "../recipe.ts";
import { inPath } from "../run_path.ts";
import { orderText } from "../reports/convergence.ts";
import { renderTable } from "../terminal/mod.ts";
import {
  type Convergence,
  convergence,
  convergenceResult,
  measuredOrder,
  type ProblemResult,
} from "./measure.ts";
import type { OdeProblem } from "./problem.ts";

/** What decides how a problem is solved. */
export interface ConvergenceStudy {
  /** Of random problems. */
  readonly seed: number;
  /** Registry name of the integrator, or "all". */
  readonly integrator: string;
  /** How the sub-flows of a step are advanced, as a choice of a stepper. */
  readonly stepper: string;
  /** Rank; 0: that of the problem. */
  readonly rank: number;
  /** Steps at the largest step size. */
  readonly steps: number;
  /** How often that is halved. */
  readonly halvings: number;
}

/** All integrators on one problem; undefined when interrupted. */
export async function solveAll(
  problem: OdeProblem,
  options: ConvergenceStudy,
  folder: RunFolder,
  { sink, signal }: RecipeContext,
): Promise<ProblemResult | undefined> {
  const open = await problem.open(options.seed);
  const rank = options.rank || problem.rank;
  const counts = Array.from({ length: options.halvings + 1 }, (_, i) => options.steps * 2 ** i);
  const curves: Convergence[] = [];
  const stepper = choose(steppers, options.stepper);
  const chosenOnes = chosen<Integrator>(integrators, options.integrator);
  for (const [i, { label, plugin }] of chosenOnes.entries()) {
    if (signal.aborted) return undefined;
    sink.write(`${problem.name}: ${label} (${i + 1} of ${chosenOnes.length})\n`);
    const compute = async () => (
      { ...await convergence(open, plugin, rank, counts, stepper), integrator: label }
    );
    const part = inPath(`${problem.name}-${label}`);
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

/** Errors by integrator and step size, with the order that they show. */
export function errorTable({ stepSizes, best, curves }: ProblemResult): string {
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
