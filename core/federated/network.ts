/**
 * Networks on an engine that learn where the data are.
 *
 * @module
 */

import type { Tensor } from "../backend/mod.ts";
import { checkInteger } from "../checks.ts";
import { BatchMaker, hostBatch } from "../data/mod.ts";
import { Random } from "../random.ts";
import {
  batchEvaluator,
  type Layer,
  networkAt,
  stateOf,
  type Task,
  tensorsIn,
  type TrainingMethod,
  type WeightStates,
} from "../training/mod.ts";
import { uploaded } from "../training/measure.ts";
import type { Correction } from "./corrections.ts";
import { type NetworkWeight, networkWeight } from "./network_weight.ts";
import { mapped } from "./parts.ts";
import type { Federation, Holder, Sample, SharedWeights } from "./types.ts";

/** What server and clients of a network agree on. */
export interface NetworkFederationOptions {
  /** How weights move: rule, truncation, engine. */
  readonly method: TrainingMethod;
  /** What learns. */
  readonly network: Layer;
  /** What is learnt. */
  readonly task: Task;
  /** What is done against the drift of clients. */
  readonly correction: Correction;
  /** Seed of the order of examples. */
  readonly seed: number;
  /** Examples of a local step, or all where a client has fewer. */
  readonly batch: number;
  /**
   * Batches of at least 128 examples whose mean is the gradient that is shared; of clients with
   * fewer, as many as they have.
   */
  readonly looks: number;
}

/** Examples of a batch that is shared, at least: a gradient of few says little of a client. */
const SHARED_BATCH = 128;

/** A network among clients. */
export class NetworkFederation {
  /** What rounds work with. */
  readonly federation: Federation<Tensor>;
  readonly #options: NetworkFederationOptions;
  readonly #weights: Readonly<Record<string, NetworkWeight>>;
  /** States of which what stands still is taken. */
  #template: WeightStates;

  /**
   * Begins with the states of a run.
   *
   * @throws {RangeError} When a weight, or what the method does beside, cannot be federated.
   */
  constructor(options: NetworkFederationOptions, states: WeightStates) {
    const { method, network, correction, batch, looks } = options;
    checkInteger("federate a network", "batch", batch);
    checkInteger("federate a network", "looks", looks);
    requirePlain(method);
    this.#options = options;
    this.#template = states;
    this.#weights = Object.fromEntries(
      network.weights.map((spec) => [spec.name, networkWeight(method, spec)]),
    );
    const { engine, algebra, rule } = method;
    this.federation = {
      ...{ algebra, rule, correction },
      plans: mapped(this.#weights, (w, name) => w.plan(states[name]!)),
      bytesPerNumber: Float32Array.BYTES_PER_ELEMENT,
      scope: (f) => engine.scope(f),
      free(before, after) {
        const kept = new Set(tensorsIn(after));
        for (const t of new Set(tensorsIn(before))) if (!kept.has(t)) t.dispose();
      },
    };
  }

  /** States as server and clients see them. */
  shared(states: WeightStates): SharedWeights<Tensor> {
    this.#template = states;
    return mapped(this.#weights, (w, name) => w.shared(states[name]!));
  }

  /** States of what a round ended with. */
  states(weights: SharedWeights<Tensor>): WeightStates {
    const { network } = this.#options;
    const entries = network.weights.map((spec) => {
      const { name } = spec;
      const record = this.#weights[name]!.record(weights[name]!, this.#template[name]!);
      return [name, stateOf(spec, record)] as const;
    });
    return Object.fromEntries(entries);
  }

  /**
   * A client that holds some of the training examples. What it looks at is a function of the seed,
   * its number, round and step.
   *
   * @param client Its number.
   * @param subset Numbers of its examples.
   */
  holder(client: number, subset: Uint32Array): Holder<Tensor> {
    const { seed, task, looks, batch } = this.#options;
    const random = new Random(seed).fork("client").fork(client);
    const plan = (purpose: string, size: number) => ({
      examples: task.train,
      subset,
      size: Math.min(size, subset.length),
      seed: random.fork(purpose).integer(2 ** 31),
      ...(task.augmentation ? { augmentation: task.augmentation } : {}),
    });
    const shared = new BatchMaker(plan("shared", Math.max(batch, SHARED_BATCH)));
    const makers = { shared, local: new BatchMaker(plan("local", batch)) };
    return {
      count: subset.length,
      looks: Math.min(looks, shared.perEpoch),
      look: (weights, sample) => this.#look(weights, sample, makers, random),
    };
  }

  async #look(
    weights: SharedWeights<Tensor>,
    sample: Sample,
    makers: Readonly<Record<Sample["purpose"], BatchMaker>>,
    random: Random,
  ): ReturnType<Holder<Tensor>["look"]> {
    const { method: { engine }, network, task, looks } = this.#options;
    const { purpose, round, step, steps } = sample;
    const maker = makers[purpose];
    const perRound = purpose === "shared" ? Math.min(looks, maker.perEpoch) : steps;
    const number = round * perRound + step;
    const [epoch, index] = [Math.floor(number / maker.perEpoch), number % maker.perEpoch];
    const arrays = maker.arrays();
    maker.fill(epoch, index, arrays);
    const batch = uploaded(engine, hostBatch(task.train, index, maker.size, arrays));
    const looked = mapped(
      weights,
      (w, name) => this.#weights[name]!.look(w, this.#template[name]!),
    );
    const points = new Map(Object.entries(looked).map(([name, { point }]) => [name, point]));
    const own = random.fork(`${purpose} ${number}`);
    const seen = await task.prepare?.(networkAt(engine, network, points), batch, own) ?? batch;
    const evaluator = batchEvaluator(engine, network, task.loss, seen, own);
    const { loss, evidence, dispose } = await evaluator(points, new Set(Object.keys(weights)));
    const flows = mapped(looked, ({ flow }, name) => flow(evidence.get(name)!));
    return { loss, flows, dispose };
  }
}

/** Refuses what no round knows of. */
function requirePlain({ groups = [], regularization = [] }: TrainingMethod): void {
  for (const [what, list] of Object.entries({ groups, regularization })) {
    if (list.length === 0) continue;
    throw new RangeError(`Cannot federate a network: expected a method without ${what}, got some`);
  }
}
