/**
 * What a comparison at equal numbers of state trains, and by which recipe.
 *
 * @module
 */

import { choose, type Dataset, datasets, type Layer, sequenceDatasets } from "../../core/mod.ts";
import { gptDefaults, gptOf } from "../language/networks.ts";
import { methods } from "../methods.ts";
import { networkOf } from "../networks.ts";
import type { RecipeContext } from "../recipe.ts";
import { openSequences, sequenceDefaults } from "../sequences.ts";
import { UsageError } from "../usage_error.ts";
import type { Way } from "./ways.ts";

/** Name of the network that reads texts. */
export const GPT = "gpt";

/** What decides it. */
export interface SubjectOptions {
  /** A family of networks for images, or {@linkcode GPT}. */
  readonly network: string;
  /** Factor of all widths. */
  readonly width: number;
  /** What is learnt: images, or sequences. */
  readonly dataset: string;
  /** Where it lies. */
  readonly data: string;
  /** Whether nothing is downloaded. */
  readonly offline: boolean;
  /** Examples to train on; 0: all. */
  readonly trainCount: number;
  /** Examples to measure on; 0: all. */
  readonly testCount: number;
  /** Passes through images. */
  readonly epochs: number;
  /** Steps with sequences. */
  readonly steps: number;
  /** Tokens in an example of a text. */
  readonly context: number;
  /** Seed of data that are drawn. */
  readonly seed: number;
}

/** What is trained. */
export interface Subject {
  /** Registry name of the recipe that trains it. */
  readonly recipe: string;
  /** Its options, those of a way aside. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** The network whose matrices are all of a form; its biases, norms and classifier are full. */
  network(format: string): Promise<Layer>;
  /** Options of a way. */
  args(way: Way, rank: number): ReturnType<Way["args"]>;
}

/**
 * The network and the data that options mean.
 *
 * @throws {UsageError} When the network cannot learn from such data.
 */
export function subjectOf(o: SubjectOptions, context: RecipeContext): Subject {
  const isSequences = sequenceDatasets.has(o.dataset.split(":", 1)[0]!);
  if (isSequences !== (o.network === GPT)) {
    const wanted = isSequences
      ? `--network ${GPT}`
      : `a --dataset of sequences, one of ${sequenceDatasets.names().join(", ")}`;
    throw new UsageError(`Cannot train ${o.network} on ${o.dataset}: expected ${wanted}`);
  }
  return o.network === GPT ? sequences(o, context) : images(o, context);
}

function images(o: SubjectOptions, { signal }: RecipeContext): Subject {
  const { network, width, dataset, data, offline, trainCount, testCount, epochs } = o;
  return {
    recipe: "lenet-mnist",
    options: {
      ...{ network, width, dataset, data, offline, trainCount, testCount, epochs },
      tensorboard: false,
    },
    async network(format) {
      const images: Dataset = await choose(datasets, dataset).load({
        ...{ signal, offline, seed: o.seed },
        ...(data === "" ? {} : { directory: data }),
        ...(trainCount > 0 ? { trainCount } : {}),
        ...(testCount > 0 ? { testCount } : {}),
      });
      const fixed = { rank: 1, dropout: 0, initialiser: "kaiming-normal", normalise: true };
      return networkOf({ ...fixed, network, width })(images, format);
    },
    args: (way, rank) => way.args(rank),
  };
}

function sequences(o: SubjectOptions, context: RecipeContext): Subject {
  const { dataset, data, trainCount, testCount, steps } = o;
  const { heads } = gptDefaults;
  const width = Math.max(1, Math.round(gptDefaults.width * o.width / heads / 2)) * heads * 2;
  const shared = { dataset, data, trainCount, testCount, context: o.context };
  return {
    recipe: GPT,
    // Rules decay nothing by themselves; half of a short run is no warm-up.
    options: {
      ...{ ...shared, width, steps, measureEvery: steps, warmup: Math.floor(steps / 10) },
      ...{ weightDecay: 0, beta2: 0.999, adaptive: true },
    },
    async network(format) {
      const { seed } = o;
      const opened = await openSequences({ ...sequenceDefaults, ...shared, seed }, context);
      return gptOf({ ...gptDefaults, width, format, rank: 1 }, opened.data);
    },
    args(way, rank) {
      const { method, ...rest } = way.args(rank);
      return { ...rest, format: methods.get(String(method)).format };
    },
  };
}
