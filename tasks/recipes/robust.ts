import {
  adversarialTrainings,
  attacks,
  describeEnvironment,
  regularizers,
  strengthSchedules,
} from "../../core/mod.ts";
import { datasetIdentity } from "../classification/identity.ts";
import { openJob } from "../classification/job.ts";
import { INTERRUPTED } from "../interruption.ts";
import { methods } from "../methods.ts";
import { networkOf, networkSchema } from "../networks.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { pluginRecord } from "../plugins.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { robustReport } from "../reports/robust.ts";
import { attacksOf, candidatesOf, runOptionsOf } from "../robust/options.ts";
import { robustGroups, type RobustResult } from "../robust/result.ts";
import { examined } from "../robust/study.ts";
import { robustTables } from "../robust/table.ts";
import { finishStudy, openRunFolder } from "../run_folder.ts";
import { runPath } from "../run_path.ts";
import { runDefaults, runSchema } from "../settings.ts";

// The study has lists for some options of one run, and no use for others.
const { seed: _seed, tolerance: _tolerance, baseline: _twin, ranksFrom: _ranks, ...shared } =
  runDefaults;

/** What decides the study. */
export const defaults = {
  ...shared,
  seeds: [1] as readonly number[],
  dataset: "mnist",
  network: "lenet-5",
  method: "tucker", // form of the factorised weights
  width: 1, // factor of all sizes; the perceptron has 4 hidden layers of 500
  normalise: true,
  epochs: 6,
  batch: 128,
  tolerances: [0.3] as readonly number[], // of the truncation rule
  betas: [0, 30] as readonly number[], // strengths of the regularizer, chosen on held-out images
  regularizer: "spectral", // even singular values of the cores (arXiv 2505.08022)
  coupling: "split", // a flow of its own after each step
  strength: "steady",
  start: "random",
  dense: true,
  denseFrom: "",
  training: "clean", // steps see images as they are
  trainEpsilon: 0.1,
  trainSteps: 5,
  attacks: "fgsm,fgsm-max,jitter,mixup,pgd,pgd-l2",
  epsilons: [0.05, 0.1, 0.15] as readonly number[], // largest change of a pixel
  epsilonsL2: [0.5, 1, 1.5] as readonly number[], // Euclidean length
  attackCount: 500, // test images
  attackSteps: 0, // 0: each attack's own
};

function schema(): OptionSchema<typeof defaults> {
  const { dropout: _, ...network } = networkSchema();
  const factorised = methods.names().filter((name) => methods.get(name).moves);
  return {
    ...runSchema(),
    method: { oneOf: factorised, description: "form of the factorised weights" },
    seeds: { integer: true, min: 0, description: "seeds, each a network of every kind" },
    ...network,
    tolerances: { min: 0, max: 1, description: "thresholds of the truncation rule" },
    betas: { min: 0, description: "strengths of the regularizer, 0 for none" },
    regularizer: { choiceOf: regularizers, description: "what is wanted of the cores" },
    coupling: {
      oneOf: ["split", "field"],
      description: "a flow of its own after each step, or a part of the field",
    },
    strength: { choiceOf: strengthSchedules, description: "course of the strength" },
    start: {
      oneOf: ["dense", "random"],
      description: "where factorised networks start: from the dense one, compressed, or anew",
    },
    dense: { description: "train the dense network too; always where others start from it" },
    denseFrom: {
      description: "folder of a finished run of the dense network, {seed} in it stands for the " +
        "seed: taken as it is, not trained again",
    },
    training: {
      oneOf: ["clean"],
      choiceOf: adversarialTrainings,
      description: "what the steps see",
    },
    trainEpsilon: { min: 0, max: 1, description: "radius of attacks in training" },
    trainSteps: { integer: true, min: 1, description: "steps of attacks in training" },
    attacks: { choiceOf: attacks, several: true, description: "what is tried" },
    epsilons: { min: 0, max: 1, description: "radii for attacks of the maximum norm" },
    epsilonsL2: { min: 0, description: "radii for attacks of the Euclidean norm" },
    attackCount: { integer: true, min: 1, description: "test images to attack, the first ones" },
    attackSteps: { integer: true, min: 0, description: "steps of attacks, 0 for each one's own" },
  };
}

/** Options that a resumed study may change: attacks run anew where they differ. */
const MAY_CHANGE = ["backend", "threads", "out", "resume", "data", "offline"];

/**
 * Dense, low-rank and regularised low-rank networks under attacks (arXiv 2505.08022): accuracy
 * against radius and compression. Lists of tolerances, strengths and seeds make it a sweep.
 */
export const robust: Recipe = recipe({
  name: "robust",
  description: "dense, low-rank and regularised networks under attacks, on MNIST in minutes",
  defaults,
  schema,
  job: study,
});

/** Trains and attacks every network that the options ask for. */
async function study(o: ParsedOptions<typeof defaults>, context: RecipeContext): Promise<number> {
  attacksOf(o.attacks);
  const begin = performance.now();
  const write = (text: string): void => context.sink.write(text);
  const path = runPath(o.out, "robust");
  const subject = { recipe: "robust", source: o.dataset, network: networkOf(o) };
  const job = await openJob(subject, runOptionsOf(o), { ...context, trustFinished: true });
  using folders = job.folders;
  const config = {
    recipe: "robust",
    settings: { ...o },
    seed: o.seeds[0]!,
    backend: job.backend,
    report: robustReport.name,
    dataset: datasetIdentity(job.dataset),
    environment: { ...describeEnvironment(), backend: job.method.engine.description },
    ...pluginRecord(),
  };
  const folder = folders.use(
    await openRunFolder(context.sink, path, config, { resume: o.resume, mayChange: MAY_CHANGE }),
  );
  const results: RobustResult[] = [];
  for (const candidate of candidatesOf(o)) {
    const result = await examined(job, o, candidate, path, context);
    if (!result) {
      write(`\nInterrupted; go on with the same options and --out ${path} --resume\n`);
      return INTERRUPTED;
    }
    results.push(result);
  }
  write(`\n${robustTables(robustGroups(results))}\n`);
  const seconds = (performance.now() - begin) / 1000;
  const { classNames, shape } = job.dataset;
  const found = { seconds, classNames, shape, results };
  return await finishStudy(folder, found, (text) => write(`\n${text}\n`));
}
