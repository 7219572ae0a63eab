/**
 * Models of images: runs of fully connected networks, and vision transformers of other libraries.
 *
 * @module
 */

import { join } from "node:path";
import {
  aBoolean,
  aNumber,
  aRecord,
  checked,
  type Dataset,
  denseNetwork,
  disposeStates,
  initialStates,
  listOf,
  optional,
  orNull,
  plainJson,
  readModelFolder,
  readRun,
  readText,
  type TrainingMethod,
  unlessMissing,
} from "../../core/mod.ts";
import { normalise, type NormaliseOptions } from "../../layers/mod.ts";
import { methods } from "../methods.ts";
import { perceptronOf, perceptronSchema } from "../networks.ts";
import type { RecipeContext } from "../recipe.ts";
import { defaults as ofPerceptrons } from "../recipes/mnist.ts";
import { storedOptions } from "../stored_options.ts";
import { UsageError } from "../usage_error.ts";
import { libraryClassifier } from "./library.ts";
import { storedWeights } from "./stored.ts";
import type { Classifier } from "./subject.ts";

/** What decides it. */
export interface ImageChoice {
  /** Folder of the model. */
  readonly model: string;
  /** Registry name of the images to learn. */
  readonly dataset: string;
  /** Registry name of those that it knew; empty for those of a run, and none for others. */
  readonly old: string;
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

/** Loads images by the name of their source, as many as are asked for, 0 for all. */
export type LoadImages = (
  name: string,
  part: { readonly seed: number; readonly train: number; readonly test: number },
) => Promise<Dataset>;

/** A model of images before it is known what it learns. */
export interface ImageModel extends Classifier {
  /** Height, width and channels of the images that it sees. */
  readonly shape: readonly [number, number, number];
  /** What images are normalised by before it sees them; absent: it takes them as they are. */
  readonly normalisation?: NormaliseOptions;
  /** The images that it learnt, where it says so. */
  readonly old?: Dataset;
}

/** The run of a fully connected network. */
export async function perceptronRun(
  { model, seed }: ImageChoice,
  method: TrainingMethod,
  load: LoadImages,
): Promise<ImageModel> {
  const run = await readRun(model);
  const { settings } = run.config;
  const known = run.config.dataset?.name;
  // Runs of this recipe have no method: their weights hold adapters.
  if (known === undefined || "network" in settings || !("method" in settings)) {
    throw new UsageError(
      `Cannot fine-tune ${model}: expected the run of a fully connected network on images, such ` +
        `as one of deno task demo, got one of "${run.config.recipe}"`,
    );
  }
  const before = storedOptions(run, ofPerceptrons, perceptronSchema());
  const { trainCount: train, testCount: test } = before;
  const old = await load(known, { seed: before.seed, train, test });
  const { format } = methods.get(before.method);
  const stored = perceptronOf(before)(old, format);
  return {
    ...{ old, shape: old.shape, classNames: old.classNames },
    withHead(classNames) {
      const isOwn = classNames.length === old.classes;
      const network = denseNetwork(
        isOwn ? stored : perceptronOf(before)({ ...old, classes: classNames.length }, format),
      );
      return Promise.resolve({
        network,
        async states() {
          const states = await storedWeights(method, stored, model);
          if (isOwn) return states;
          const weights = network.weights.filter(({ name }) => name.startsWith("classifier."));
          const head = await initialStates(method, { ...network, weights }, seed);
          const all = { ...states, ...head };
          disposeStates(states, all);
          return all;
        },
        ...{ targets: "dense*.weight", full: ["classifier.*"] },
      });
    },
  };
}

/** A vision transformer of another library. */
export async function visionTransformer(
  o: ImageChoice,
  method: TrainingMethod,
  _load: LoadImages,
  { sink }: RecipeContext,
): Promise<ImageModel> {
  const model = await readModelFolder(o.model);
  const { input, ...classifier } = libraryClassifier(method, o.model, model, { ...o, sink });
  if (!("image" in input)) {
    throw new UsageError(
      `Cannot fine-tune ${o.model} on images: expected a model of images, got one of type ` +
        `"${model.config.model_type}"; name texts with --data`,
    );
  }
  const normalisation = await preprocessing(o.model, input.image[2]);
  return { ...classifier, shape: input.image, ...(normalisation ? { normalisation } : {}) };
}

/** What other libraries call the file that says how images become inputs. */
const PREPROCESSING = "preprocessor_config.json";

const aPreprocessing = aRecord<{
  readonly do_normalize?: boolean | null | undefined;
  readonly image_mean?: readonly number[] | null | undefined;
  readonly image_std?: readonly number[] | null | undefined;
}>({
  do_normalize: optional(orNull(aBoolean)),
  image_mean: optional(orNull(listOf(aNumber))),
  image_std: optional(orNull(listOf(aNumber))),
});

/** The normalisation that a model was trained with, where its folder says one. */
async function preprocessing(
  folder: string,
  channels: number,
): Promise<NormaliseOptions | undefined> {
  const path = join(folder, PREPROCESSING);
  const text = await unlessMissing(() => readText(path));
  if (text === undefined) return undefined;
  const o = checked(aPreprocessing, plainJson(text, path), path);
  if (o.do_normalize === false) return undefined;
  const half = new Array<number>(channels).fill(0.5); // what their library takes by itself
  const found = { mean: o.image_mean ?? half, deviation: o.image_std ?? half };
  if (found.mean.length !== channels) {
    throw new Error(
      `Cannot read ${path}: expected ${channels} numbers "image_mean", got ${found.mean.length}`,
    );
  }
  normalise(found);
  return found;
}
