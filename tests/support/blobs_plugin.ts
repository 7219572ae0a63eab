/** A user's plugin: the recipe "trial", a network on blobs that trains in no time. */

import {
  classificationDefaults,
  classificationSchema,
  classify,
  perceptronOf,
  recipe,
} from "@rankflow/rankflow/tasks";

recipe({
  name: "trial",
  description: "blobs, for tests",
  defaults: {
    ...classificationDefaults,
    width: 12,
    depth: 3,
    rank: 4,
    batch: 20,
    epochs: 2,
    learningRate: 0.01,
    backend: "cpu",
  },
  schema: classificationSchema,
  job: (options, context) =>
    classify(
      { recipe: "trial", source: "blobs", network: perceptronOf(options) },
      options,
      context,
    ),
});
