import { classify } from "../classification.ts";
import { networkOf, networkSchema } from "../networks.ts";
import type { OptionSchema } from "../options.ts";
import { type Recipe, recipe } from "../recipe.ts";
import { trainingDefaults, trainingSchema } from "../settings.ts";

/** What decides the run; the learning rate is that of the method. */
export const defaults = {
  ...trainingDefaults,
  dataset: "cifar-10",
  network: "vgg-small", // eight convolutions, which two cores train in minutes
  width: 1, // factor of all channel counts and hidden sizes
  dropout: 0,
  normalise: true, // within the network
  epochs: 20,
  batch: 128,
  augmentation: "pad-crop,flip",
  prefetch: true, // augmented batches take time, which another thread has
  method: "tucker", // kernels as core × bases of channels, matrices as U S Vᵀ
  tuckerIntegrator: "augmented-tucker-bug", // one gradient a step; ranks grow and shrink
  integrator: "augmented-bug", // the same for matrices
  rank: 120, // at the start, as far as a weight has one
  maxRank: 150,
  tolerance: 0.15, // of the truncation: saves four parameters of five
  optimizer: "adam", // of cores, biases and norms
  schedule: "cosine",
  warmup: 80, // steps: large first ones would cost ranks that are wanted later
};

/** Limits and explanations of these; built late, so that plugins count. */
export const schema = (): OptionSchema<typeof defaults> => ({
  ...trainingSchema(),
  ...networkSchema(),
});

/** Convolutional networks on CIFAR-10, by default one that two cores train in minutes. */
export const cifar: Recipe = recipe({
  name: "cifar",
  description:
    "VGG and residual networks with Tucker kernels on CIFAR-10; --baseline adds the twin",
  defaults,
  parallel: true,
  schema,
  job: (o, context) =>
    classify({ recipe: "cifar", source: o.dataset, network: networkOf(o) }, o, context),
});
