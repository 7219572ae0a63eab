/**
 * Networks as recipes make them, with the options that decide them.
 *
 * @module
 */

import {
  channelStatistics,
  choose,
  type Dataset,
  datasets,
  type Layer,
  weightFormats,
} from "../core/mod.ts";
import { initialisers, networks, perceptron } from "../layers/mod.ts";
import type { Subject } from "./classification/job.ts";
import type { OptionSchema } from "./options.ts";
import { type TrainingOptions, trainingSchema } from "./settings.ts";

/** Options that decide a fully connected network. */
export interface PerceptronChoice {
  /** Neurons of each hidden layer. */
  readonly width: number;
  /** Linear maps, the classifier included. */
  readonly depth: number;
  /** Rank at the start. */
  readonly rank: number;
  /** Registry name of the start of the weights. */
  readonly initialiser: string;
}

/** Limits and explanations of the options of a recipe with such a network. */
export function perceptronSchema(): Required<OptionSchema<TrainingOptions & PerceptronChoice>> {
  return {
    ...trainingSchema(),
    width: { integer: true, min: 1, description: "neurons per hidden layer" },
    depth: { integer: true, min: 1, description: "linear maps, the classifier included" },
  };
}

/** The fully connected network that options name, for {@linkcode Subject.network}. */
export function perceptronOf(o: PerceptronChoice): Subject["network"] {
  return (dataset, format): Layer => {
    const inputs = dataset.shape.reduce((n, d) => n * d, 1);
    const hidden = new Array<number>(o.depth - 1).fill(o.width);
    return perceptron({
      sizes: [inputs, ...hidden, dataset.classes],
      format: weightFormats.get(format).matrices ?? format,
      rank: o.rank,
      initialiser: choose(initialisers, o.initialiser),
    });
  };
}

/** Options that decide a network of a family. */
export interface NetworkChoice {
  /** Registry name of the family. */
  readonly network: string;
  /** Rank at the start. */
  readonly rank: number;
  /** Factor of all channel counts and hidden sizes. */
  readonly width: number;
  /** Share of hidden entries that dropout drops; default 0. */
  readonly dropout?: number;
  /** Registry name of the start of the weights. */
  readonly initialiser: string;
  /** Whether images are normalised by constants of the data set. */
  readonly normalise: boolean;
}

/** Limits and explanations of these and of the data set beside them; built late: plugins count. */
export function networkSchema(): Required<
  OptionSchema<
    Pick<Required<NetworkChoice>, "network" | "width" | "dropout" | "normalise"> & {
      readonly dataset: string;
    }
  >
> {
  return {
    dataset: { choiceOf: datasets, description: "what is learnt" },
    network: { choiceOf: networks, description: "what learns" },
    width: { min: 0.01, max: 16, description: "factor of all channel counts and hidden sizes" },
    dropout: { min: 0, max: 0.9, description: "share of hidden entries that dropout drops" },
    normalise: { description: "normalise images within the network, by constants of the data set" },
  };
}

/**
 * The network of a family that options name, for {@linkcode Subject.network}. Its normalisation is
 * a part of it: attacks see pixels in [0, 1].
 */
export function networkOf(o: NetworkChoice): Subject["network"] {
  return (dataset, format): Layer => {
    const { shape, classes } = dataset;
    const { rank, width, dropout = 0 } = o;
    return choose(networks, o.network).create({
      shape,
      classes,
      format,
      rank,
      width,
      dropout,
      initialiser: choose(initialisers, o.initialiser),
      ...(o.normalise ? { normalisation: normalisationOf(dataset) } : {}),
    });
  };
}

function normalisationOf({ normalisation, train, shape }: Dataset) {
  return normalisation ?? channelStatistics(train, shape[2]);
}
