import { classify } from "../classification.ts";
import { convolutionDefaults, convolutionSchema, convolutionSubject } from "../convolution.ts";
import { type Recipe, recipe } from "../recipe.ts";

/** Convolutional networks on CIFAR-10, by default one that two cores train in minutes. */
export const cifar: Recipe = recipe({
  name: "cifar",
  description:
    "VGG and residual networks with Tucker kernels on CIFAR-10; --baseline adds the twin",
  defaults: {
    ...convolutionDefaults,
    epochs: 20,
    batch: 128,
    tolerance: 0.15, // saves four parameters of five
    warmup: 80, // steps: large first ones would cost ranks that are wanted later
    augmentation: "pad-crop,flip",
  },
  schema: convolutionSchema,
  job: (options, context) => classify(convolutionSubject("cifar", options), options, context),
});
