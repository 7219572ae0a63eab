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
  localSteps: 0, // 0: 240 over the number of clients, as published, at most 20
  looks: 8, // batches of the gradient that is shared: more than one, and all where there are fewer
  batch: 0, // 0: by which the local steps are a pass over a client's examples, 16 to 128
  participation: 1, // share of the clients in a round
  late: 0, // share of those whose work comes too late
  rank: 40, // at the start
  minRank: 2,
  maxRank: 50,
  tolerance: 0.003, // of the truncation on the server: a round adds small singular values
  truncation: "relative-frobenius",
  optimizer: "adam", // of clients, from a fresh state in every round
  learningRate: 0.002, // 0: that of the form of the weights
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
    ...{ dataset, network, width, seed, rank, minRank, maxRank, tolerance, truncation },
    batch: { ...batch, min: 0, description: "examples of a local step, 0 for what suits clients" },
    ...{ optimizer, schedule, initialiser, augmentation, trainCount, testCount },
    ...{ backend, threads, data, offline, out, resume },
    methods: {
      ...{ oneOf: ["all"], choiceOf: federatedMethods, several: true },
      description: "what is compared",
    },
    clients: { integer: true, min: 1, description: "clients, each with examples of its own" },
    partition: { choiceOf: partitions, description: "how examples are spread over clients" },
    rounds: { integer: true, min: 1, description: "rounds" },
    localSteps: { integer: true, min: 0, description: "local steps, 0 for 240 / clients ≤ 20" },
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

/** Smallest and largest batch that suits clients. */
const SUITABLE = [16, 128] as const;

/**
 * Examples of a local step: as many as are said, or by which local steps are one pass over the
 * examples of a client of mean size; of few clients they are less.
 *
 * @param count Examples of all clients.
 */
export function batchOf(o: FederatedOptions, count: number): number {
  const [least, most] = SUITABLE;
  const pass = Math.round(count / o.clients / localStepsOf(o));
  return o.batch || Math.min(most, Math.max(least, pass));
}

/** Most local steps that nobody asked for: more take the clients of few apart. */
const MOST_STEPS = 20;

/** Local steps: as many as are said, or 240 for all clients together, as far as they do no harm. */
export function localStepsOf({ localSteps, clients }: FederatedOptions): number {
  return localSteps || Math.min(MOST_STEPS, Math.max(1, Math.round(240 / clients)));
}
