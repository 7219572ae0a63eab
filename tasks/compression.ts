/**
 * The job behind the recipe `compress`: the end of a dense run, truncated and trained on.
 *
 * @module
 */

import { join } from "node:path";
import { firstMeasure, readRun, type RunConfig, type RunData } from "../core/mod.ts";
import { perceptronOf, runVariants, type Subject } from "./classification.ts";
import type { Variant } from "./classification/variant.ts";
import { convolutionDefaults, convolutionSchema, convolutionSubject } from "./convolution.ts";
import { dense, methods } from "./methods.ts";
import type { OptionSchema, ParsedOptions } from "./options.ts";
import type { RecipeContext } from "./recipe.ts";
import { runPath } from "./run_path.ts";
import {
  classificationDefaults,
  classificationSchema,
  runDefaults,
  runSchema,
} from "./settings.ts";
import { storedOptions } from "./stored_options.ts";
import { formatMeasure } from "./terminal/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Value of `augmentation` that stands for that of the dense run. */
const AS_BEFORE = "as-before";

/** Defaults of the recipe. */
export const compressDefaults = {
  ...runDefaults,
  checkpoint: "",
  method: "tucker",
  epochs: 8, // of fine-tuning
  batch: 128,
  learningRate: 2e-3,
  baselineLearningRate: 1e-3, // the weights are near their end
  tolerance: 0.09, // saves four parameters of five
  augmentation: AS_BEFORE,
};

/** Options of the recipe. */
export type CompressOptions = ParsedOptions<typeof compressDefaults>;

/** Limits and explanations; built late, so that plugins count. */
export function compressSchema(): OptionSchema<typeof compressDefaults> {
  const names = methods.list().filter((m) => !m.afterwards && m.name !== dense.name);
  const run = runSchema();
  return {
    ...run,
    augmentation: { description: `${AS_BEFORE}, or ${run.augmentation!.description}` },
    method: { oneOf: names.map((m) => m.name), description: "form that the weights get" },
    epochs: { integer: true, min: 1, description: "passes of fine-tuning" },
    baseline: { description: "train the dense network on as long, too" },
    checkpoint: { description: "folder of the dense run; data and network are those of that run" },
  };
}

/**
 * Truncates a dense network and trains it on.
 *
 * @returns Exit code: 0 when finished, 130 when interrupted.
 * @throws {UsageError} When there is no dense run, or an option is wrong.
 */
export async function compress(o: CompressOptions, context: RecipeContext): Promise<number> {
  if (o.checkpoint === "") {
    throw new UsageError(
      "Cannot compress: expected --checkpoint DIR with a dense run, such as one of " +
        "deno task train cifar --method dense",
    );
  }
  const run = await readRun(o.checkpoint);
  const { config, summary } = run;
  if (config.settings.method !== dense.name) {
    throw new UsageError(
      `Cannot compress ${o.checkpoint}: expected a run of method ${dense.name}, ` +
        `got ${config.settings.method}`,
    );
  }
  const subject = subjectOf(run);
  if (summary) {
    const reached = formatMeasure(firstMeasure(summary));
    context.sink.write(`Compressing ${o.checkpoint}: ${config.recipe}, test ${reached}\n`);
  }
  const path = runPath(o.out, "compress");
  const options = { ...o, augmentation: augmentationOf(o, config) };
  return await runVariants(subject, options, variantsOf(o, path), path, context);
}

/** Fine-tuning sees what training saw, unless told otherwise: images as they are overfit sooner. */
function augmentationOf({ augmentation }: CompressOptions, { settings }: RunConfig): string {
  return augmentation === AS_BEFORE ? String(settings.augmentation ?? "") : augmentation;
}

/** The network and the data of a run. */
function subjectOf(run: RunData): Subject {
  const { settings, dataset } = run.config;
  const recipe = "compress";
  if ("network" in settings) {
    const options = storedOptions(run, convolutionDefaults, convolutionSchema());
    return convolutionSubject(recipe, options);
  }
  if (!dataset) {
    throw new Error(
      `Cannot read ${join(run.path, "config.json")}: expected the name of its "dataset", got none`,
    );
  }
  const options = storedOptions(run, classificationDefaults, classificationSchema());
  return { recipe, source: dataset.name, network: perceptronOf(options) };
}

function variantsOf(o: CompressOptions, path: string): Variant[] {
  const { epochs, checkpoint: origin } = o;
  const label = `${o.method.replaceAll("-", " ")}, fine-tuned`;
  const own = { label, method: o.method, learningRate: o.learningRate, epochs, path, origin };
  const twin = {
    ...own,
    label: "dense, trained on",
    method: dense.name,
    learningRate: o.baselineLearningRate,
    path: `${path}/baseline`,
  };
  return o.baseline ? [own, twin] : [own];
}
