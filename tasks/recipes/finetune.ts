import { adapters, choose, datasets, splitChoices } from "../../core/mod.ts";
import { optimizers } from "../../optimizers/mod.ts";
import { adapterCells } from "../finetune/cells.ts";
import { imageSubject } from "../finetune/images.ts";
import { MATRIX, requireFit, TEXT } from "../finetune/kinds.ts";
import { finetuneRun, TWINS } from "../finetune/run.ts";
import { finetuneTable } from "../finetune/table.ts";
import { matrixSubject } from "../finetune/matrix.ts";
import { textSubject } from "../finetune/text.ts";
import { openBackend } from "../open_backend.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext, recipes } from "../recipe.ts";
import { runPath } from "../run_path.ts";
import { runSchema } from "../settings.ts";
import { runSweep } from "../sweep/run.ts";
import { UsageError } from "../usage_error.ts";
import { usualMethod } from "../usual_method.ts";

/** What decides the runs. */
const defaults = {
  model: "",
  adapter: "lora",
  target: "",
  dataset: TEXT,
  data: "",
  old: "",
  permute: false,
  size: 24, // of the matrix
  targetRank: 0, // 0: full
  context: 64, // tokens in an example of a text
  trainCount: 0,
  testCount: 0,
  rates: [3e-4, 1e-3, 3e-3, 1e-2] as readonly number[], // of each adapter the best is shown
  optimizer: "adam",
  epochs: 5,
  steps: 0, // 0: as epochs say
  batch: 64,
  seed: 1,
  repeats: 1, // of each adapter at its best step size
  backend: "auto",
  threads: 0, // 0: all cores
  out: "",
  resume: false,
};

type Options = ParsedOptions<typeof defaults>;

function schema(): OptionSchema<typeof defaults> {
  const { epochs, trainCount, testCount, seed, batch, backend, threads, out, resume } = runSchema();
  return {
    ...{ epochs, trainCount, testCount, seed, batch, backend, threads, out, resume },
    model: { description: "a model of Hugging Face, or a run on a text or images" },
    adapter: {
      choiceOf: adapters,
      oneOf: TWINS,
      several: true,
      description: "adapters to compare; full: all weights, head: that alone",
    },
    target: { description: "weights with adapters, such as block*.query.weight" },
    dataset: {
      oneOf: [TEXT, MATRIX],
      choiceOf: datasets,
      description: "a text, images, or a matrix",
    },
    data: {
      description:
        "the text, for encoders JSON lines of text and label, or the folder of the images",
    },
    old: {
      description:
        "what the model knew before, for what it forgets: a text, texts with labels, or " +
        "the name of images; of a run, its own",
    },
    size: { integer: true, min: 2, max: 4096, description: "rows and columns of the matrix" },
    targetRank: { integer: true, min: 0, description: "rank of what it lacks, 0 for a full one" },
    permute: { description: "images with their pixels in another order" },
    context: { integer: true, min: 1, description: "tokens in an example of a text" },
    rates: { above: 0, description: "step sizes that each adapter is tried at" },
    repeats: {
      integer: true,
      min: 1,
      description: "runs of each adapter at its best step size, each with the next seed",
    },
    optimizer: { choiceOf: optimizers, description: "what moves the adapters" },
    steps: { integer: true, min: 0, description: "training steps, 0 for epochs" },
  };
}

/**
 * Adapters on a trained network: each at every step size, the best one shown beside the others with
 * what trains, ranks, time, memory, and the loss on the data of before. The network is frozen but for
 * the adapters and, of images, the classifier.
 */
export const finetune: Recipe = recipe({
  name: "finetune",
  description: "adapters on a trained network, a table at their best step sizes; PEFT folders",
  defaults,
  schema,
  job: tuned,
});

async function tuned(o: Options, context: RecipeContext): Promise<number> {
  if (o.model === "" && o.dataset !== MATRIX) {
    throw new UsageError(
      "Cannot fine-tune: expected --model DIR, a model of texts of Hugging Face or a run of " +
        "deno task train gpt, or with --dataset a vision transformer or a run on images, such as " +
        "one of deno task demo",
    );
  }
  if (o.resume && o.out === "") {
    throw new UsageError("Cannot resume: name the folder of the run with --out DIR");
  }
  requireFit(o, defaults);
  const [adapter, ...others] = splitChoices(o.adapter);
  const [rate, ...more] = o.rates;
  const out = runPath(o.out, "finetune");
  if (others.length > 0 || more.length > 0 || o.repeats > 1) {
    return await compared(o, out, context);
  }
  const { engine, backend } = await openBackend(o, context.sink);
  const rule = choose(optimizers, o.optimizer).create({});
  // Adapters bring their own movers where they need some.
  const method = await usualMethod(engine, rule, { tolerance: 0.1 });
  const open = { [TEXT]: textSubject, [MATRIX]: matrixSubject }[o.dataset] ?? imageSubject;
  const subject = await open(o, method, context);
  // A matrix has as many examples as rows.
  const batch = o.dataset === MATRIX ? Math.min(o.batch, o.size) : o.batch;
  const own = { ...o, batch, adapter: adapter!, rate: rate!, out };
  return await finetuneRun(own, method, backend, subject, context);
}

/** Every adapter at every step size, and with other seeds at its best one. */
async function compared(o: Options, path: string, context: RecipeContext): Promise<number> {
  const { out: _, resume, rates, adapter, seed, repeats, ...shared } = o;
  const common = Object.entries(shared).map(([key, value]) => `--${key}=${value}`);
  return await runSweep({
    name: "finetune",
    settings: { ...shared, seed, repeats, rates, adapter },
    recipe: recipes.get("finetune"),
    ...adapterCells({ ways: splitChoices(adapter), rates, seed, repeats, common }),
    table: finetuneTable,
    command: `deno task train finetune --out ${path}`,
    ...{ out: path, resume },
  }, context);
}
