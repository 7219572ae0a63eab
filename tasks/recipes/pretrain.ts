import { datasets, sequenceDatasets } from "../../core/mod.ts";
import { networks } from "../../layers/mod.ts";
import { chosen } from "../chosen.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import {
  cellOf,
  type CellOptions,
  type Entrant,
  entrants,
  finals,
  leastBudget,
  type Shape,
  shapesOf,
  tried,
} from "../pretrain/plan.ts";
import { pretrainTable } from "../pretrain/results.ts";
import { GPT, subjectOf } from "../pretrain/subjects.ts";
import { type Way, ways } from "../pretrain/ways.ts";
import { type Recipe, recipe, type RecipeContext, recipes } from "../recipe.ts";
import { pretrainReport } from "../reports/pretrain.ts";
import { runPath } from "../run_path.ts";
import { runSchema } from "../settings.ts";
import { runSweep } from "../sweep/run.ts";
import { UsageError } from "../usage_error.ts";

/** What decides the comparison. */
const defaults = {
  ways: "all",
  budgets: [1.2, 1.6] as readonly number[], // numbers while training per number of full weights
  rates: [1e-3, 3e-3, 1e-2, 3e-2] as readonly number[],
  seeds: [1, 2, 3] as readonly number[],
  heldOut: 1000, // training examples by which step sizes are chosen
  network: "perceptron",
  width: 0.5, // 250 neurons of a hidden layer
  dataset: "mnist",
  trainCount: 8000,
  testCount: 0,
  epochs: 4, // of images
  steps: 300, // of a gpt
  context: 128, // tokens in an example of a text
  batch: 64,
  backend: "auto",
  threads: 0, // 0: all cores
  data: "",
  offline: false,
  out: "",
  resume: false,
};

type Options = ParsedOptions<typeof defaults>;

function schema(): OptionSchema<typeof defaults> {
  const { heldOut, epochs, batch, trainCount, testCount, backend, threads, data, offline, out } =
    runSchema();
  return {
    ...{ heldOut, epochs, batch, trainCount, testCount, backend, threads, data, offline, out },
    ways: {
      oneOf: ["all"],
      choiceOf: ways,
      several: true,
      description: "what is compared, or all",
    },
    budgets: {
      above: 0,
      description: "numbers of weights and optimizer per number of full weights",
    },
    rates: { above: 0, description: "step sizes to choose from, each a run of the first seed" },
    seeds: { integer: true, min: 0, description: "seeds, each a run at the best step size" },
    network: { oneOf: [GPT], choiceOf: networks, description: "what learns" },
    steps: { integer: true, min: 1, description: `training steps of a ${GPT}` },
    context: { integer: true, min: 1, description: "tokens in an example of a text" },
    width: { min: 0.01, max: 16, description: "factor of all channel counts and hidden sizes" },
    dataset: {
      oneOf: sequenceDatasets.names(),
      choiceOf: datasets,
      description: `what is learnt; sequences, such as text with --data FILE, by a ${GPT}`,
    },
    resume: { description: "go on with the comparison in --out" },
  };
}

/**
 * Optimizers that project gradients, weights of other forms and dynamical low-rank training on the
 * same network, data, seeds and budget of numbers, weights and optimizer together. Each has the
 * largest rank that the budget allows; the step size is chosen on training images kept back.
 */
export const pretrain: Recipe = recipe({
  name: "pretrain",
  description: "ways to train at equal numbers of weights and optimizer; rates chosen, pictures",
  defaults,
  schema,
  job: compare,
});

async function compare(o: Options, context: RecipeContext): Promise<number> {
  if (o.resume && o.out === "") {
    throw new UsageError("Cannot resume: name the folder of the comparison with --out DIR");
  }
  const { ways: named, budgets, rates, seeds, out, resume, heldOut, ...shared } = o;
  const compared = chosen(ways, named).map(({ label, plugin }) => ({ ...plugin, name: label }));
  const subject = subjectOf({ ...o, seed: seeds[0]! }, context);
  const shapes = shapesOf(await subject.network("relora"));
  const all = entrants(compared, shapes, budgets);
  leftOut(compared, all, shapes, context);
  const path = runPath(out, "pretrain");
  const [tries, ends] = [all.length * rates.length, all.length * seeds.length];
  context.sink.write(`Runs to choose step sizes by: ${tries}; at the best ones: ${ends}\n`);
  const { batch, backend, threads } = o;
  const options = (heldOut: number): CellOptions => ({
    args: subject.args,
    shared: Object.entries({ ...subject.options, batch, backend, threads, heldOut })
      .map(([key, value]) => `--${key}=${value}`),
  });
  const [trying, judging] = [options(heldOut), options(0)];
  return await runSweep({
    name: "pretrain",
    settings: { ...shared, heldOut, ways: named, budgets, rates, seeds },
    recipe: recipes.get(subject.recipe),
    cells: all.flatMap((e) => rates.map((rate) => tried(cellOf(e, rate, seeds[0]!, trying)))),
    more: (results) => finals(all, results, seeds, judging),
    table: pretrainTable,
    report: pretrainReport.name,
    command: `deno task train pretrain --out ${path}`,
    ...{ out: path, resume },
  }, context);
}

/** Says which ways no budget allows, and which one would. */
function leftOut(
  chosen: readonly Way[],
  all: readonly Entrant[],
  shapes: readonly Shape[],
  { sink }: RecipeContext,
): void {
  const without = chosen.filter((way) => !all.some((e) => e.way === way))
    .map((way) => `${way.name} (from ${leastBudget(way, shapes)} on)`).join(", ");
  if (all.length === 0) {
    throw new UsageError(`Cannot compare: expected --budgets that allow rank 1 of ${without}`);
  }
  if (without !== "") sink.write(`Left out, as no budget allows rank 1: ${without}\n`);
}
