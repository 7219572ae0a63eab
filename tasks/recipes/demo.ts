import { classify } from "../classification.ts";
import { perceptronOf, perceptronSchema } from "../networks.ts";
import { type Recipe, recipe } from "../recipe.ts";
import { trainingDefaults } from "../settings.ts";

/** What decides the run. */
const defaults = {
  ...trainingDefaults,
  width: 500, // neurons of each hidden layer, as in the first DLRT paper (arXiv 2205.13571)
  depth: 5, // linear maps: 784-500-500-500-500-10
  epochs: 10, // a minute on two cores, and 98 % of the digits
  batch: 256,
  method: "low-rank", // U S Vᵀ, moved by an integrator
  integrator: "augmented-bug", // one gradient a step; ranks grow and shrink
  refresh: "every:steps=4,first=0.3", // bases turn at first, then seldom: cores move alone
  rank: 60, // at the start: higher ones cost an epoch each and come down to 40 as well
  maxRank: 80,
  tolerance: 0.14, // of the truncation: saves five parameters of six
  optimizer: "adam", // of cores and biases
  learningRate: 1.2e-2, // cores of this rank train faster than at the method's own
  schedule: "cosine",
  baseline: true, // the dense twin, to compare with
};

/** A low-rank network next to its dense twin on drawn digits: no download, no option, minutes. */
export const demo: Recipe = recipe({
  name: "demo",
  description: "low rank next to dense on drawn digits: no download, ends with a report",
  defaults,
  parallel: true,
  schema: perceptronSchema,
  job: (o, context) =>
    classify({ recipe: "demo", source: "digits", network: perceptronOf(o) }, o, context),
});
