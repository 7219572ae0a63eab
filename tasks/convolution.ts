/**
 * What the recipes with convolutional networks share.
 *
 * @module
 */

import { datasets } from "../core/mod.ts";
import { networks } from "../layers/mod.ts";
import type { Subject } from "./classification.ts";
import { networkFor } from "./networks.ts";
import type { OptionSchema, ParsedOptions } from "./options.ts";
import { trainingDefaults, trainingSchema } from "./settings.ts";

/** Defaults of the recipes with convolutional networks; a recipe overrides what it needs to. */
export const convolutionDefaults = {
  ...trainingDefaults,
  method: "tucker",
  dataset: "cifar-10",
  network: "vgg-small",
  width: 1, // factor of all channel counts
  dropout: 0,
  normalise: true,
  prefetch: true,
};

/** Options of a recipe with a convolutional network. */
export type ConvolutionOptions = ParsedOptions<typeof convolutionDefaults>;

/** Limits and explanations of these; built late, so that plugins count. */
export function convolutionSchema(): OptionSchema<typeof convolutionDefaults> {
  return {
    ...trainingSchema(),
    dataset: { oneOf: datasets.names(), description: "what is learnt" },
    network: { oneOf: networks.names(), description: "what learns" },
    width: { min: 0.01, max: 16, description: "factor of all channel counts and hidden sizes" },
    dropout: { min: 0, max: 0.9, description: "share of hidden entries that dropout drops" },
    normalise: { description: "normalise images within the network, by constants of the data set" },
  };
}

/**
 * What a recipe with a convolutional network trains.
 *
 * @param recipe Registry name of the recipe.
 */
export function convolutionSubject(recipe: string, o: ConvolutionOptions): Subject {
  return {
    recipe,
    source: o.dataset,
    network: (dataset, format) => networkFor(dataset, format, o),
  };
}
