/**
 * Options of the recipe that trains a network among clients.
 *
 * @module
 */

import { partitions } from "../../core/mod.ts";
import { networkSchema } from "../networks.ts";
import type { OptionSchema, ParsedOptions } from "../options.ts";
import { runDefaults, type RunOptions, runSchema } from "../settings.ts";
import { federatedMethods } from "./methods.ts";

/** What decides the run. */
export const federatedDefaults = {
  seed: 1,
  dataset: "mnist",
  network: "perceptron", // four hidden layers of 500 neurons at width 1
  width: 1,
  methods: "fedlrt,fedlin",
  clients: 4,
  partition: "dirichlet:alpha=0.3",
  rounds: 40,
  localSteps: 0, // 0: 240 over the number of clients, as published
  looks: 8, // batches of the gradient that is shared
  batch: 128,
  participation: 1, // share of the clients in a round
  late: 0, // share of those whose work comes too late
  rank: 20, // at the start
  minRank: 2,
  maxRank: 50,
  tolerance: 0.003, // of the truncation on the server: a round adds small singular values
  truncation: "relative-frobenius",
  optimizer: "sgd", // of clients, from a fresh state in every round
  learningRate: 0.02, // at 0.05 the full correction diverges; 0: that of the form of the weights
  schedule: "constant",
  warmup: 0, // rounds
  initialiser: "glorot-normal",
  augmentation: "",
  measureEvery: 1, // rounds
  trainCount: 0, // 0: all
  testCount: 0,
  backend: "auto",
  threads: 0, // 0: all cores
  data: "",
  offline: false,
  out: "",
  resume: false,
};

/** Options of the recipe. */
export type FederatedOptions = ParsedOptions<typeof federatedDefaults>;

/** Limits and explanations; built late, so that plugins count. */
export function federatedSchema(): OptionSchema<typeof federatedDefaults> {
  const { dataset, network, width } = networkSchema();
  const { seed, batch, rank, minRank, maxRank, tolerance, truncation, optimizer, ...more } =
    runSchema();
  const { schedule, initialiser, augmentation, trainCount, testCount, ...about } = more;
  const { backend, threads, data, offline, out, resume } = about;
  return {
    ...{ dataset, network, width, seed, batch, rank, minRank, maxRank, tolerance, truncation },
    ...{ optimizer, schedule, initialiser, augmentation, trainCount, testCount },
    ...{ backend, threads, data, offline, out, resume },
    methods: {
      ...{ oneOf: ["all"], choiceOf: federatedMethods, several: true },
      description: "what is compared",
    },
    clients: { integer: true, min: 1, description: "clients, each with examples of its own" },
    partition: { choiceOf: partitions, description: "how examples are spread over clients" },
    rounds: { integer: true, min: 1, description: "rounds" },
    localSteps: { integer: true, min: 0, description: "local steps, 0 for 240 / clients" },
    looks: { integer: true, min: 1, description: "batches of the gradient that is shared" },
    participation: { above: 0, max: 1, description: "share of the clients that take part" },
    late: { min: 0, max: 1, description: "share of those whose work comes too late" },
    learningRate: { min: 0, description: "step size of clients, 0 for that of the method" },
    warmup: { integer: true, min: 0, description: "rounds of linear warm-up, at most half" },
    measureEvery: { integer: true, min: 1, description: "rounds between two measurements" },
  };
}

/** The same as options of training. */
export function runOptionsOf(o: FederatedOptions): RunOptions {
  const { dataset: _d, network: _n, width: _w, methods: _m, clients: _c, partition: _p, ...run } =
    o;
  const own = Object.entries(run).filter(([key]) => key in runDefaults);
  return { ...runDefaults, ...Object.fromEntries(own) };
}

/** Local steps: as many as are said, or 240 for all clients together. */
export function localStepsOf({ localSteps, clients }: FederatedOptions): number {
  return localSteps || Math.max(1, Math.round(240 / clients));
}
