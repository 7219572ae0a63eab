import { datasets } from "../../core/mod.ts";
import { networks } from "../../layers/mod.ts";
import { optimizers } from "../../optimizers/mod.ts";
import { methods } from "../methods.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { runPath } from "../run_path.ts";
import { runSchema } from "../settings.ts";
import { cellsOf } from "../sweep/cells.ts";
import { runSweep } from "../sweep/run.ts";
import { lenetMnist } from "./lenet_mnist.ts";

/** The methods that are compared: on the manifold, and naively. */
const COMPARED = ["tucker", "factor-tucker"];

/** What decides the comparison. */
const defaults = {
  seeds: [1, 2, 3] as readonly number[],
  decays: [0, 1] as readonly number[], // powers of two from one singular value to the next
  rank: 20, // of every weight, fixed
  epochs: 4,
  batch: 128,
  optimizer: "sgd", // adaptive step sizes hide a part of what there is to see
  learningRate: 0.01, // constant
  network: "lenet-5",
  dataset: "digits", // needs no download
  trainCount: 5000,
  testCount: 1000,
  backend: "auto",
  threads: 0, // 0: all cores
  data: "",
  offline: false,
  out: "",
  resume: false,
};

type Options = ParsedOptions<typeof defaults>;

function schema(): OptionSchema<typeof defaults> {
  const { epochs, batch, trainCount, testCount, backend, threads, data, offline, out, resume } =
    runSchema();
  return {
    ...{ epochs, batch, trainCount, testCount, backend, threads, data, offline, out, resume },
    seeds: { integer: true, min: 0, description: "seeds, each a run of every kind" },
    decays: { min: 0, max: 4, description: "singular values at the start fall by 2^decay each" },
    rank: { integer: true, min: 1, description: "rank of every weight, fixed" },
    optimizer: { choiceOf: optimizers, description: "how variables move" },
    learningRate: { above: 0, description: "step size of all runs, constant" },
    network: { choiceOf: networks, description: "what learns" },
    dataset: { choiceOf: datasets, description: "what is learnt" },
  };
}

/**
 * The same network, weights and ranks, trained by an integrator on the manifold and naively, from
 * starts with and without small singular values.
 *
 * The gradient in a factor carries the singular values of the others, so naive training crawls
 * where they are small; the integrators of dynamical low-rank approximation do not depend on them
 * (arXiv:2205.13571, section 5.2; arXiv:2305.19059).
 */
export const illConditionedRecipe: Recipe = recipe({
  name: "ill-conditioned",
  description: "starts with small singular values: Tucker integrator against naive factors, a plot",
  defaults,
  schema,
  job: illConditioned,
});

async function illConditioned(o: Options, context: RecipeContext): Promise<number> {
  const { seeds, decays, out, resume, ...settings } = o;
  const names = COMPARED.map((name) => methods.get(name).name);
  const axes = { decay: decays.map(String), method: names, seed: seeds.map(String) };
  const shared = { ...settings, minRank: o.rank, maxRank: o.rank, tolerance: 0 };
  const fixed = Object.entries({ ...shared, schedule: "constant" })
    .map(([key, value]) => `--${key}=${value}`);
  const name = "ill-conditioned";
  const path = runPath(out, name);
  const command = `deno task train ${name} --out ${path}`;
  const cells = cellsOf(lenetMnist, { axes, fixed }, false);
  const plan = { name, settings, recipe: lenetMnist, cells, out: path, command, resume };
  return await runSweep(plan, context);
}
