import { classify } from "../classification.ts";
import { perceptronOf, perceptronSchema } from "../networks.ts";
import { type Recipe, recipe } from "../recipe.ts";
import { trainingDefaults } from "../settings.ts";

/** What decides the run; the learning rate is that of the method. */
export const defaults = {
  ...trainingDefaults,
  width: 500, // neurons of each hidden layer
  depth: 5, // linear maps: 784-500-500-500-500-10
  epochs: 20,
  batch: 256,
  method: "low-rank", // U S Vᵀ, moved by an integrator
  integrator: "augmented-bug", // one gradient a step; ranks grow and shrink
  rank: 120, // at the start; integrators of fixed rank keep it
  maxRank: 150,
  tolerance: 0.14, // of the truncation: saves five parameters of six
  optimizer: "adam", // of cores and biases
  schedule: "cosine",
};

/** The fully connected nets of the first DLRT paper (arXiv 2205.13571) on MNIST. */
export const mnist: Recipe = recipe({
  name: "mnist",
  description: "fully connected nets of the first DLRT paper on MNIST; --baseline adds the twin",
  defaults,
  parallel: true,
  schema: perceptronSchema,
  job: (o, context) =>
    classify({ recipe: "mnist", source: "mnist", network: perceptronOf(o) }, o, context),
});
