/**
 * Runs of fully connected networks on images, and other images.
 *
 * @module
 */

import {
  choose,
  type Dataset,
  datasets,
  denseNetwork,
  imageClassification,
  Random,
  readRun,
  type TrainingMethod,
} from "../../core/mod.ts";
import { methods } from "../methods.ts";
import { perceptronOf, perceptronSchema } from "../networks.ts";
import type { RecipeContext } from "../recipe.ts";
import { defaults as ofPerceptrons } from "../recipes/mnist.ts";
import { storedOptions } from "../stored_options.ts";
import { UsageError } from "../usage_error.ts";
import { storedWeights } from "./stored.ts";
import type { Subject } from "./subject.ts";

/** What decides it. */
export interface ImageChoice {
  /** Folder of the run. */
  readonly model: string;
  /** Registry name of the images to learn. */
  readonly dataset: string;
  /** Whether their pixels are in another order, which asks for updates of high rank. */
  readonly permute: boolean;
  /** Images to train on, 0 for all. */
  readonly trainCount: number;
  /** Images to measure on, 0 for all. */
  readonly testCount: number;
  /** Folder with the files of the data; empty for the usual one. */
  readonly data: string;
  /** Seed of what is drawn. */
  readonly seed: number;
}

/** Opens a run and the images to learn; those that it learnt are the old ones. */
export async function imageSubject(
  o: ImageChoice,
  method: TrainingMethod,
  { signal }: RecipeContext,
): Promise<Subject> {
  const run = await readRun(o.model);
  const before = storedOptions(run, ofPerceptrons, perceptronSchema());
  const known = run.config.dataset?.name;
  if (known === undefined || "network" in run.config.settings) {
    throw new UsageError(
      `Cannot fine-tune ${o.model}: expected the run of a fully connected network on images, such ` +
        `as one of deno task demo, got one of "${run.config.recipe}"`,
    );
  }
  type Part = { readonly seed: number; readonly train: number; readonly test: number };
  const load = (name: string, { seed, ...count }: Part) =>
    choose(datasets, name).load({
      ...{ signal, seed },
      ...(o.data === "" ? {} : { directory: o.data }),
      ...(count.train > 0 ? { trainCount: count.train } : {}),
      ...(count.test > 0 ? { testCount: count.test } : {}),
    });
  const old = await load(known, {
    seed: before.seed,
    train: before.trainCount,
    test: before.testCount,
  });
  const found = await load(o.dataset, { seed: o.seed, train: o.trainCount, test: o.testCount });
  const fresh = o.permute ? permuted(found, o.seed) : found;
  const { format } = methods.get(before.method);
  const stored = perceptronOf(before)(old, format);
  return {
    network: denseNetwork(stored),
    states: () => storedWeights(method, stored, o.model),
    task: imageClassification(fresh),
    dataset: { name: o.permute ? `${found.name}, permuted` : found.name, sha256: found.sha256 },
    old: imageClassification(old),
    targets: "dense*.weight",
    full: ["classifier.*"],
  };
}

/** The same images with their pixels in one other order. */
function permuted(dataset: Dataset, seed: number): Dataset {
  const pixels = dataset.shape.reduce((n, d) => n * d, 1);
  const order = new Random(seed).fork("pixels").permutation(pixels);
  const turn = (part: Dataset["train"]): Dataset["train"] => {
    const images = part.images.slice();
    for (let at = 0; at < images.length; at += pixels) {
      for (let i = 0; i < pixels; i++) images[at + i] = part.images[at + order[i]!]!;
    }
    return { ...part, images };
  };
  return { ...dataset, train: turn(dataset.train), test: turn(dataset.test) };
}
