import {
  channelStatistics,
  choose,
  type Dataset,
  datasets,
  weightFormats,
} from "../../core/mod.ts";
import { attentions, multiHead, vit } from "../../layers/mod.ts";
import { classify } from "../classification.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { type Recipe, recipe } from "../recipe.ts";
import { trainingDefaults, trainingSchema } from "../settings.ts";

/** What decides the run. */
const defaults = {
  ...trainingDefaults,
  dataset: "mnist",
  patch: 0, // 0: a quarter of MNIST's 28 pixels, an eighth of CIFAR-10's 32
  size: 64, // entries of a token
  heads: 4,
  blocks: 4,
  attention: "mha",
  dropout: 0,
  normalise: true, // within the network
  epochs: 5,
  batch: 64,
  augmentation: "",
  method: "low-rank", // matrices of blocks; Tucker attention moves by its integrator beside
  rank: 16, // of 64×64 and 64×256: two thirds of the parameters saved
  maxRank: 24,
  tolerance: 0.1,
  optimizer: "adamw", // its decay is that of DeiT
  weightDecay: 0.05,
  learningRate: 5e-3, // four points better than 3e-3 in runs as short as this
  baselineLearningRate: 3e-3,
  schedule: "cosine",
  warmup: 78, // steps, a tenth of five epochs of 10,000 images
  clip: 1,
};

type Options = ParsedOptions<typeof defaults>;

function schema(): OptionSchema<typeof defaults> {
  const count = (description: string) => ({ integer: true, min: 1, description });
  return {
    ...trainingSchema(),
    dataset: { choiceOf: datasets, description: "what is learnt" },
    patch: {
      integer: true,
      min: 0,
      description: "pixels along a patch, 0 for a few patches a row",
    },
    size: count("entries of a token"),
    heads: count("heads; divide the size"),
    blocks: count("blocks"),
    attention: { choiceOf: attentions, description: "kind of attention; the twin has mha" },
    dropout: { min: 0, max: 0.9, description: "share of entries that dropout sets to zero" },
    normalise: { description: "normalise images within the network, by constants of the data set" },
  };
}

/** A vision transformer next to its dense twin. */
export const vitRecipe: Recipe = recipe({
  name: "vit",
  description: "vision transformer on MNIST or CIFAR-10: low-rank blocks, attention of five kinds",
  defaults,
  parallel: true,
  schema,
  job: (o, context) =>
    classify({ recipe: "vit", source: o.dataset, network: networkOf(o) }, o, context),
});

function networkOf(o: Options) {
  return (dataset: Dataset, format: string) => {
    const { shape: image, classes, normalisation, train } = dataset;
    const twin = format === "dense" && o.method !== "dense";
    const constants = normalisation ?? channelStatistics(train, image[2]);
    return vit({
      ...{ image, classes, width: o.size, heads: o.heads, blocks: o.blocks, dropout: o.dropout },
      patch: o.patch || (image[0] % 7 === 0 ? image[0] / 4 : Math.max(1, Math.round(image[0] / 8))),
      attention: twin ? multiHead : choose(attentions, o.attention),
      matrices: { format: weightFormats.get(format).matrices ?? format, rank: o.rank },
      ...(o.normalise ? { normalisation: constants } : {}),
    });
  };
}
