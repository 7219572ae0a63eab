/** A user's plugin: the recipe "trial", a network on blobs that trains in no time. */

import {
  classify,
  perceptronOf,
  perceptronSchema,
  recipe,
  trainingDefaults,
} from "@rankflow/rankflow/tasks";

recipe({
  name: "trial",
  description: "blobs, for tests",
  defaults: {
    ...trainingDefaults,
    width: 12,
    depth: 3,
    rank: 4,
    batch: 20,
    epochs: 2,
    learningRate: 0.01,
    backend: "cpu",
  },
  schema: perceptronSchema,
  job: (options, context) =>
    classify(
      { recipe: "trial", source: "blobs", network: perceptronOf(options) },
      options,
      context,
    ),
});
