import { classify } from "../classification.ts";
import { convolutionDefaults, convolutionSchema, convolutionSubject } from "../convolution.ts";
import { type Recipe, recipe } from "../recipe.ts";

/** LeNet-5 on MNIST, the first experiment of the papers on low-rank training of kernels. */
export const lenetMnist: Recipe = recipe({
  name: "lenet-mnist",
  description: "LeNet-5 with Tucker kernels on MNIST; --baseline adds the dense twin",
  defaults: {
    ...convolutionDefaults,
    dataset: "mnist",
    network: "lenet-5",
    epochs: 10,
    batch: 128,
    tolerance: 0.22, // saves nine parameters of ten
    prefetch: false,
  },
  schema: convolutionSchema,
  job: (options, context) => classify(convolutionSubject("lenet-mnist", options), options, context),
});
