/**
 * Images that a trained model is to learn, beside those that it knew.
 *
 * @module
 */

import {
  choose,
  type Dataset,
  datasets,
  imageClassification,
  type Layer,
  Random,
  type TrainingMethod,
} from "../../core/mod.ts";
import { normalise, resizeImages, sequential, toImages } from "../../layers/mod.ts";
import { isOfLibrary } from "../language/open_model.ts";
import type { RecipeContext } from "../recipe.ts";
import {
  type ImageChoice,
  type ImageModel,
  type LoadImages,
  perceptronRun,
  visionTransformer,
} from "./image_models.ts";
import type { Subject } from "./subject.ts";

/** Opens a model and the images to learn. */
export async function imageSubject(
  o: ImageChoice,
  method: TrainingMethod,
  context: RecipeContext,
): Promise<Subject> {
  const load: LoadImages = (name, { seed, train, test }) =>
    choose(datasets, name).load({
      ...{ signal: context.signal, seed },
      ...(o.data === "" ? {} : { directory: o.data }),
      ...(train > 0 ? { trainCount: train } : {}),
      ...(test > 0 ? { testCount: test } : {}),
    });
  const counts = { seed: o.seed, train: o.trainCount, test: o.testCount };
  const open = await isOfLibrary(o.model) ? visionTransformer : perceptronRun;
  const model = await open(o, method, load, context);
  const found = await load(o.dataset, counts);
  const old = o.old === "" ? model.old : await load(o.old, counts);
  const fresh = o.permute ? permuted(found, o.seed) : found;
  const trained = await model.withHead(fresh.classNames);
  const isMeasured = old !== undefined && old.classes === fresh.classes &&
    fresh.classes === model.classNames.length;
  if (old && !isMeasured) {
    context.sink.write(
      `What is forgotten of ${old.name} is not measured: the head tells other classes\n`,
    );
  }
  return {
    ...trained,
    network: seeing(trained.network, model, old ? [fresh.shape, old.shape] : [fresh.shape]),
    task: imageClassification(fresh),
    dataset: { name: o.permute ? `${found.name}, permuted` : found.name, sha256: found.sha256 },
    ...(isMeasured ? { old: imageClassification(old) } : {}),
  };
}

/** The network behind what makes images of those sizes its own. */
function seeing(
  network: Layer,
  { shape: own, normalisation }: ImageModel,
  shapes: readonly Dataset["shape"][],
): Layer {
  const isOwn = (shape: Dataset["shape"]) => shape.every((n, axis) => n === own[axis]);
  if (shapes.every(isOwn) && !normalisation) return network;
  const last = normalisation ? [normalise(normalisation)] : [];
  // Sizes are told apart by the numbers of an image.
  const fronts = new Map(
    shapes.map((shape) => [
      shape.reduce((n, d) => n * d, 1),
      sequential([isOwn(shape) ? toImages(own) : resizeImages(shape, own), ...last]),
    ]),
  );
  const pixels = own.reduce((n, d) => n * d, 1);
  return {
    ...network,
    forward(pass, x) {
      const batch = x.shape[0]!;
      const seen = fronts.get(x.size / batch)!.forward(pass, x);
      return network.forward(pass, pass.engine.reshape(seen, [batch, pixels]));
    },
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
