/**
 * The runs of a sweep: every combination of the values that are varied.
 *
 * @module
 */

import { dense } from "../methods.ts";
import type { OptionGrid } from "../options.ts";
import type { Recipe } from "../recipe.ts";
import { inPath } from "../run_path.ts";

/** One run of a sweep. */
export interface Cell {
  /** Name of its folder in the folder of the sweep. */
  readonly folder: string;
  /** What is its own, by option; a dense reference has `method` "dense" and no axis of ranks. */
  readonly values: Readonly<Record<string, string>>;
  /** Options of the recipe. */
  readonly args: readonly string[];
}

/** Options that mean nothing to a dense network, beside the method itself. */
const OF_LOW_RANK = new Set([
  ...["method", "integrator", "tucker-integrator", "truncation", "tolerance", "rank"],
  ...["min-rank", "max-rank", "core-steps", "fine-tune", "learning-rate", "ranks-from", "decay"],
]);

/**
 * Lists the runs: those of the grid, and a dense reference for every combination of what matters
 * to a dense network.
 *
 * @param reference Whether there shall be dense references, where the recipe has methods.
 */
export function cellsOf(recipe: Recipe, grid: OptionGrid, reference: boolean): Cell[] {
  const options = recipe.read(grid.fixed);
  const hasMethods = takesDense(recipe);
  // References take the place of the twin that each run could have.
  const others = grid.fixed.filter((arg) => !/^--(no-)?baseline(=|$)/.test(arg));
  const common = "baseline" in options ? [...others, "--no-baseline"] : grid.fixed;
  const isDense = (values: Cell["values"]) => (values.method ?? options.method) === dense.name;
  const cells = combinations(grid.axes)
    .filter((values) => !hasMethods || !isDense(values))
    .map((values) => cellOf(values, common));
  const wanted = hasMethods && (reference || combinations(grid.axes).some(isDense));
  return wanted ? [...references(grid, options, common), ...cells] : cells;
}

/** Whether the recipe has methods, and the dense one among them. */
function takesDense(recipe: Recipe): boolean {
  try {
    recipe.read([`--method=${dense.name}`]);
    return true;
  } catch {
    return false;
  }
}

/** Dense networks, with the step size of the dense twin. */
function references(
  grid: OptionGrid,
  options: Readonly<Record<string, unknown>>,
  common: readonly string[],
): Cell[] {
  const axes = Object.entries(grid.axes).filter(([key]) => !OF_LOW_RANK.has(key));
  const others = common.filter((arg) => !/^--(method|learning-rate)(=|$)/.test(arg));
  const rate = "baselineLearningRate" in options
    ? [`--learning-rate=${options.baselineLearningRate}`]
    : [];
  return combinations(Object.fromEntries(axes)).map((values) => {
    return cellOf({ method: dense.name, ...values }, [...others, ...rate]);
  });
}

function cellOf(values: Cell["values"], common: readonly string[]): Cell {
  const entries = Object.entries(values);
  return {
    folder: entries.map(([key, value]) => `${key}-${inPath(value)}`).join("_") || "run",
    values,
    args: [...common, ...entries.map(([key, value]) => `--${key}=${value}`)],
  };
}

/** All ways to take one value of each axis; the last axis varies fastest. */
function combinations(axes: OptionGrid["axes"]): Record<string, string>[] {
  let found: Record<string, string>[] = [{}];
  for (const [key, values] of Object.entries(axes)) {
    found = found.flatMap((partial) => values.map((value) => ({ ...partial, [key]: value })));
  }
  return found;
}
