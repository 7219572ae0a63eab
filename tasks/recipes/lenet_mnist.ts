import { classify } from "../classification.ts";
import { networkOf, networkSchema } from "../networks.ts";
import { type Recipe, recipe } from "../recipe.ts";
import { trainingDefaults, trainingSchema } from "../settings.ts";

/** What decides the run; the learning rate is that of the method. */
const defaults = {
  ...trainingDefaults,
  dataset: "mnist",
  network: "lenet-5",
  width: 1, // factor of all channel counts and hidden sizes
  dropout: 0,
  normalise: true, // within the network
  epochs: 10,
  batch: 128,
  method: "tucker", // kernels as core × bases of channels, matrices as U S Vᵀ
  tuckerIntegrator: "augmented-tucker-bug", // one gradient a step; ranks grow and shrink
  integrator: "augmented-bug", // the same for matrices
  rank: 120, // at the start, as far as a weight has one
  maxRank: 150,
  tolerance: 0.22, // of the truncation: saves nine parameters of ten
  optimizer: "adam", // of cores, biases and norms
  schedule: "cosine",
};

/** LeNet-5 on MNIST, the first experiment of the papers on low-rank training of kernels. */
export const lenetMnist: Recipe = recipe({
  name: "lenet-mnist",
  description: "LeNet-5 with Tucker kernels on MNIST; --baseline adds the dense twin",
  defaults,
  parallel: true,
  schema: () => ({ ...trainingSchema(), ...networkSchema() }),
  job: (o, context) =>
    classify({ recipe: "lenet-mnist", source: o.dataset, network: networkOf(o) }, o, context),
});
