import { join } from "node:path";
import { firstMeasure, readRun, type RunConfig, type RunData } from "../../core/mod.ts";
import { runVariants, type Subject } from "../classification.ts";
import type { Variant } from "../classification/variant.ts";
import { dense, methods } from "../methods.ts";
import { networkOf, perceptronOf, perceptronSchema } from "../networks.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe, type RecipeContext } from "../recipe.ts";
import { runPath } from "../run_path.ts";
import { runDefaults, runSchema } from "../settings.ts";
import { storedOptions } from "../stored_options.ts";
import { formatMeasure } from "../terminal/mod.ts";
import { UsageError } from "../usage_error.ts";
import { defaults as ofFamilies, schema as familySchema } from "./cifar.ts";
import { defaults as ofPerceptrons } from "./mnist.ts";

/** Value of `augmentation` that stands for that of the dense run. */
const AS_BEFORE = "as-before";

/** What decides the run. */
const defaults = {
  ...runDefaults,
  checkpoint: "", // folder of the dense run
  method: "tucker", // the form that its weights get
  tolerance: 0.09, // of the truncation: saves four parameters of five
  epochs: 8, // of fine-tuning
  batch: 128,
  learningRate: 2e-3, // the weights are near their end
  baselineLearningRate: 1e-3, // of the dense network that is trained on
  by: "weights", // what is truncated: weights, or what they make of training images
  calibration: 2000, // of these images
  breakEven: 0, // rank as a share of that at which factors are as large; 0: by the truncation
  size: 0, // numbers of factors per number of the matrices; 0: by the tolerance
  augmentation: AS_BEFORE, // images as they are would be overfit sooner
};

type Options = ParsedOptions<typeof defaults>;

function schema(): OptionSchema<typeof defaults> {
  const names = methods.list().filter((m) => !m.afterwards && m.name !== dense.name);
  const run = runSchema();
  return {
    ...run,
    augmentation: { ...run.augmentation, oneOf: [AS_BEFORE] },
    method: { oneOf: names.map((m) => m.name), description: "form that the weights get" },
    epochs: { integer: true, min: 1, description: "passes of fine-tuning" },
    by: {
      oneOf: ["weights", "outputs"],
      description: "truncate weights, or layers to principal components of their outputs",
    },
    calibration: {
      integer: true,
      min: 1,
      description: "training images that outputs are taken of",
    },
    breakEven: {
      min: 0,
      below: 1,
      description: "ranks to start with, as a share of those at which factors hold as many " +
        "numbers, 0 for those of the truncation",
    },
    size: { min: 0, description: "numbers of factors per number of matrices; 0: by tolerance" },
    baseline: { description: "train the dense network on as long, too" },
    checkpoint: { description: "folder of the dense run; data and network are those of that run" },
  };
}

/** A dense checkpoint as Tucker tensors, trained on. */
export const compressRecipe: Recipe = recipe({
  name: "compress",
  description: "a dense run's network truncated to low rank, then fine-tuned; needs --checkpoint",
  defaults,
  schema,
  job: compress,
});

async function compress(o: Options, context: RecipeContext): Promise<number> {
  if (o.size > 0 && (o.by !== "weights" || o.breakEven > 0)) {
    throw new UsageError(
      "Cannot compress to a --size by outputs or --break-even: expected one way",
    );
  }
  const run = await denseRun(o.checkpoint);
  if (run.summary) {
    const reached = formatMeasure(firstMeasure(run.summary));
    context.sink.write(`Compressing ${o.checkpoint}: ${run.config.recipe}, test ${reached}\n`);
  }
  const path = runPath(o.out, "compress");
  const options = { ...o, augmentation: augmentationOf(o, run.config) };
  return await runVariants(subjectOf(run), options, variantsOf(o, path), path, context);
}

async function denseRun(checkpoint: string): Promise<RunData> {
  if (checkpoint === "") {
    throw new UsageError(
      "Cannot compress: expected --checkpoint DIR with a dense run, such as one of " +
        "deno task train cifar --method dense",
    );
  }
  const run = await readRun(checkpoint);
  const { method } = run.config.settings;
  if (method === dense.name) return run;
  throw new UsageError(
    `Cannot compress ${checkpoint}: expected a run of method ${dense.name}, got ${method}`,
  );
}

/** The network and the data of the dense run. */
function subjectOf(run: RunData): Subject {
  const { settings, dataset } = run.config;
  const recipe = "compress";
  if ("network" in settings) {
    const o = storedOptions(run, ofFamilies, familySchema());
    return { recipe, source: o.dataset, network: networkOf(o) };
  }
  if (!dataset) {
    throw new Error(
      `Cannot read ${join(run.path, "config.json")}: expected the name of its "dataset", got none`,
    );
  }
  const o = storedOptions(run, ofPerceptrons, perceptronSchema());
  return { recipe, source: dataset.name, network: perceptronOf(o) };
}

/** Fine-tuning sees what training saw, unless told otherwise. */
function augmentationOf({ augmentation }: Options, { settings }: RunConfig): string {
  return augmentation === AS_BEFORE ? String(settings.augmentation ?? "") : augmentation;
}

/** The truncated network and, where it is asked for, the dense one trained on as long. */
function variantsOf(o: Options, path: string): Variant[] {
  const { epochs, checkpoint: origin } = o;
  const label = `${o.method.replaceAll("-", " ")}, fine-tuned`;
  const calibration = o.by === "outputs" ? o.calibration : 0;
  const about = { label, method: o.method, learningRate: o.learningRate, epochs };
  const compression = { calibration, breakEven: o.breakEven, size: o.size };
  const own = { ...about, path, origin, compression };
  const twin = {
    ...own,
    label: "dense, trained on",
    method: dense.name,
    learningRate: o.baselineLearningRate,
    path: `${path}/baseline`,
  };
  return o.baseline ? [own, twin] : [own];
}
