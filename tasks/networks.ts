/**
 * Networks as recipes make them: by name, for a data set.
 *
 * @module
 */

import { channelStatistics, type Dataset, type Layer } from "../core/mod.ts";
import { initialisers, networks } from "../layers/mod.ts";

/** Options that decide a network. */
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

/**
 * The network that options name. Its normalisation is a part of it: attacks see pixels in [0, 1].
 *
 * @param format Registry name of the format of its weights.
 */
export function networkFor(dataset: Dataset, format: string, o: NetworkChoice): Layer {
  const { shape, classes, train } = dataset;
  const { rank, width, dropout = 0 } = o;
  return networks.get(o.network).create({
    shape,
    classes,
    format,
    rank,
    width,
    dropout,
    initialiser: initialisers.get(o.initialiser),
    ...(o.normalise
      ? { normalisation: dataset.normalisation ?? channelStatistics(train, shape[2]) }
      : {}),
  });
}
