import {
  choose,
  compressStates,
  datasets,
  disposeStates,
  findRun,
  type WeightStates,
} from "../../core/mod.ts";
import { cosine, optimizers, rateAt } from "../../optimizers/mod.ts";
import { compareRuns } from "../compare.ts";
import { imageSubject } from "../finetune/images.ts";
import { untilOver } from "../finetune/run.ts";
import { storedWeights } from "../finetune/stored.ts";
import type { Subject } from "../finetune/subject.ts";
import { openBackend } from "../open_backend.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { distilled, toldOutputs } from "../pela/distil.ts";
import { bySvd, factored } from "../pela/start.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { runPath } from "../run_path.ts";
import { runSchema } from "../settings.ts";
import { UsageError } from "../usage_error.ts";
import { usualMethod } from "../usual_method.ts";

/** What decides the run. */
const defaults = {
  model: "",
  dataset: "mnist",
  data: "",
  trainCount: 0,
  testCount: 0,
  compression: 2, // numbers of a map per number of its factors
  features: 1, // weight of the teacher's features
  logits: 0, // of its logits
  intermediate: 3, // epochs beside the teacher
  epochs: 2, // of the task alone
  batch: 64,
  learningRate: 1e-3,
  optimizer: "adam",
  seed: 1,
  backend: "auto",
  threads: 0,
  out: "",
  resume: false,
};

type Options = ParsedOptions<typeof defaults>;

function schema(): OptionSchema<typeof defaults> {
  const { epochs, trainCount, testCount, seed, batch, backend, threads, out, resume } = runSchema();
  return {
    ...{ epochs, trainCount, testCount, seed, batch, backend, threads, out, resume },
    model: {
      description: "the run of a fully connected network on images, or a vision transformer",
    },
    dataset: { choiceOf: datasets, description: "the images to learn" },
    data: { description: "folder of the images" },
    compression: { above: 1, description: "numbers of a map per number of its two factors" },
    features: { min: 0, description: "weight of what layers of the dense network hand on" },
    logits: { min: 0, description: "weight of its logits" },
    intermediate: { integer: true, min: 1, description: "epochs beside the dense network" },
    learningRate: { above: 0, description: "step size" },
    optimizer: { choiceOf: optimizers, description: "what moves the factors" },
  };
}

/**
 * PELA (arXiv 2310.10700): the maps of a trained network in two factors of its SVD each, trained
 * beside the network that they come from, then on the task alone. Without weight on features and
 * logits it is SVD and training at the same numbers: `sweep pela --features 0,1`.
 */
export const pela: Recipe = recipe({
  name: "pela",
  description: "a trained network in factors of its SVD, trained beside itself, then on the task",
  defaults,
  schema,
  job: compressed,
});

async function compressed(o: Options, context: RecipeContext): Promise<number> {
  if (o.model === "") {
    throw new UsageError(
      "Cannot compress: expected --model DIR, a run on images such as one of deno task demo " +
        "--method dense, or a vision transformer of Hugging Face",
    );
  }
  if (o.resume && o.out === "") {
    throw new UsageError("Cannot resume: name the folder of the run with --out DIR");
  }
  const { engine, backend } = await openBackend(o, context.sink);
  const rule = choose(optimizers, o.optimizer).create({});
  const method = await usualMethod(engine, rule, { tolerance: 0 });
  const subject = await imageSubject({ ...o, old: "", permute: false }, method, context);
  const network = toldOutputs(factored(subject, 1 / o.compression));
  const out = runPath(o.out, "pela");
  const first = `${out}/intermediate`;
  const run = (settings: Options, task: Subject["task"], start: () => Promise<WeightStates>) =>
    compareRuns(
      {
        ...{ recipe: "pela", settings, method, backend, task, dataset: subject.dataset },
        ...{ clipNorm: 1, loop: (own) => untilOver(own, {}) },
        rateAt: (rate, step, totalSteps) => rateAt(rate, cosine, step, { totalSteps }),
      },
      [{
        label: task === subject.task ? "fine-tuned" : "beside the teacher",
        network,
        rate: o.learningRate,
        start,
      }],
      context,
    );
  const before = await findRun(first);
  if (!(o.resume && before?.summary)) {
    const teacher = { network: subject.network, states: await subject.states() };
    const task = distilled(subject.task, teacher, o);
    const begin = {
      ...o,
      out: first,
      epochs: o.intermediate,
      resume: o.resume && before !== undefined,
    };
    const code = await run(
      begin,
      task,
      () => bySvd(method, subject, network, teacher.states, context),
    );
    disposeStates(teacher.states, {});
    if (code !== 0) return code;
  }
  const resume = o.resume && await findRun(out) !== undefined;
  return await run({ ...o, out, resume }, subject.task, async () => {
    const dense = await storedWeights(method, network, first);
    const { states } = await compressStates(method, network, dense);
    disposeStates(dense, states);
    return states;
  });
}
