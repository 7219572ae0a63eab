import {
  augmentedBug,
  augmentedTuckerBug,
  openHostAlgebra,
  relativeFrobenius,
  type Run,
} from "../../core/mod.ts";
import { adamw, cosine, rateAt } from "../../optimizers/mod.ts";
import { compareRuns } from "../compare.ts";
import { cacheBytes, gptDefaults, gptOf, gptSchema } from "../language/networks.ts";
import { methodOf } from "../language/method.ts";
import { sample } from "../language/sample.ts";
import { startFrom } from "../language/start.ts";
import { OWN_MOVER } from "../methods.ts";
import { openBackend } from "../open_backend.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { openSequences, sequenceDefaults, sequenceSchema } from "../sequences.ts";
import { runSchema } from "../settings.ts";

/** What decides the runs. */
const defaults = {
  ...{ ...sequenceDefaults, ...gptDefaults },
  seed: 1,
  steps: 600, // of 8 × 128 tokens: one to two minutes on one core
  measureEvery: 200,
  batch: 8,
  optimizer: adamw.name, // of full weights and cores
  learningRate: 3e-3, // better than nanoGPT's 1e-3 in runs as short as this
  least: 0.1, // share of it that is left at the end
  warmup: 50, // steps
  beta2: 0.99,
  weightDecay: 0.1, // of matrices and tables
  clip: 1,
  mover: OWN_MOVER, // that of the format
  integrator: augmentedBug.name,
  tuckerIntegrator: augmentedTuckerBug.name,
  refresh: "each-step",
  adaptive: false, // whether integrators change the rank of matrices
  minRank: 2,
  maxRank: 96,
  tolerance: 0.1,
  truncation: relativeFrobenius.name, // of ranks that adapt
  start: "",
  baseline: false,
  backend: "auto",
  threads: 0, // 0: all cores
  out: "",
  resume: false,
};

type Options = ParsedOptions<typeof defaults>;

function schema(): OptionSchema<typeof defaults> {
  const { seed, batch, warmup, clip, integrator, tuckerIntegrator, refresh, ...run } = runSchema();
  const { mover, optimizer, minRank, maxRank, tolerance, truncation, backend, ...rest } = run;
  const { threads, out, resume } = rest;
  return {
    ...{ ...sequenceSchema(), ...gptSchema() },
    ...{ seed, batch, warmup, clip, integrator, tuckerIntegrator, refresh },
    mover: {
      ...mover,
      description: `how matrices of --format move, ${OWN_MOVER}: as the format says`,
    },
    ...{ optimizer, minRank, maxRank, tolerance, truncation, backend, threads, out, resume },
    steps: { integer: true, min: 1, description: "training steps" },
    measureEvery: { integer: true, min: 1, description: "steps between two measurements" },
    learningRate: { above: 0, description: "largest step size" },
    least: { min: 0, max: 1, description: "share of it at the end" },
    beta2: { min: 0, below: 1, description: "decay of the second moment" },
    weightDecay: { min: 0, description: "decoupled decay of matrices and tables" },
    adaptive: { description: "whether the ranks of low-rank matrices adapt" },
    start: {
      description:
        "folder of a run or of another library's model to start from; Tucker attention " +
        "by the SVD of its heads",
    },
    baseline: { description: "train the dense twin with multi-head attention, too" },
  };
}

/** A GPT on a text or a puzzle: dense, low-rank, or with Tucker attention. */
export const gptRecipe: Recipe = recipe({
  name: "gpt",
  description: "a small GPT on a text: attention of five kinds, weights of low rank; minutes",
  defaults,
  parallel: true,
  schema,
  job: learn,
});

async function learn(o: Options, context: RecipeContext): Promise<number> {
  const { data, task, dataset } = await openSequences(o, context);
  const { engine, backend } = await openBackend(o, context.sink, context.processes?.comm);
  const method = methodOf(o, engine, await openHostAlgebra());
  const schedule = cosine.tuned({ finalFactor: o.least });
  const start = o.start === ""
    ? {}
    : { start: startFrom(o.start, o, { method, task, data }, context) };
  const compared = (label: string, own: Options) => {
    const network = gptOf(own, data);
    const facts = { cacheBytesPerToken: cacheBytes(network, own) };
    return { label, network, rate: o.learningRate, facts };
  };
  const label = o.format === "dense" ? o.attention : `${o.attention}, ${o.format}`;
  const own = { ...compared(label, o), ...start };
  const twin = { ...o, attention: "mha", format: "dense" };
  return await compareRuns(
    {
      ...{ recipe: "gpt", settings: o, task, dataset, method, backend },
      ...{ steps: o.steps, measureEvery: o.measureEvery },
      ...(o.clip > 0 ? { clipNorm: o.clip } : {}),
      rateAt: (rate, step, totalSteps) => {
        const warmupSteps = Math.min(o.warmup, Math.floor(totalSteps / 2));
        return rateAt(rate, schedule, step, { totalSteps, warmupSteps });
      },
      loop: (run) => loop(run, data.tokenizer),
    },
    o.baseline ? [own, compared("dense, mha", twin)] : [own],
    context,
  );
}

/** What `train` does, and after each measurement a few words of the network's own. */
async function loop(run: Run, tokenizer: Parameters<typeof sample>[1]): Promise<void> {
  while (!run.over) {
    for await (const batch of run.batches()) {
      const outcome = await run.step(batch);
      if (outcome) run.log(outcome);
    }
    if (run.reason) break;
    await run.measure();
    await run.save();
    await sample(run, tokenizer);
  }
}
