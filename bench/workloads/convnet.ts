import {
  type Batch,
  currentPoints,
  disposeStates,
  type Engine,
  initialStates,
  type Layer,
  type OptimizerRule,
  Pass,
  type TrainingMethod,
  type WeightStates,
} from "../../core/mod.ts";
import { networks } from "../../layers/mod.ts";
import { adam, sgd } from "../../optimizers/mod.ts";
import { CONV_BATCH, keptRank } from "./conv.ts";
import { makeBatch, methodOf, RATE, stepOn } from "./network.ts";
import type { Workload, WorkloadKind } from "./workload.ts";

/** Height and width of the images. */
const SIDE = 32;

/** Bound of the ranks of weights that are not compressed. */
const LARGEST_RANK = 512;

/** The network with its ranks held at the share of the weights that factors keep. */
function held(network: Layer): Layer {
  const weights = network.weights.map((spec) => {
    const [height, width, inputs, outputs] = spec.shape.length === 4
      ? spec.shape as [number, number, number, number]
      : [1, 1, ...spec.shape] as [number, number, number, number];
    // Layers that read the images keep their kernels: there is nothing to compress.
    if (inputs === 3 || outputs === undefined) return spec;
    const rank = keptRank(height * width, inputs, outputs);
    return { ...spec, rank, minRank: rank, maxRank: rank };
  });
  return { ...network, weights };
}

/** A convolutional network in training. */
class ConvnetTraining {
  readonly #method: TrainingMethod;
  readonly #network: Layer;
  readonly #batch: Batch;
  #states: WeightStates;

  private constructor(
    method: TrainingMethod,
    network: Layer,
    batch: Batch,
    states: WeightStates,
  ) {
    this.#method = method;
    this.#network = network;
    this.#batch = batch;
    this.#states = states;
  }

  static async start(
    engine: Engine,
    family: string,
    format: string,
    integrator: string,
    rule: OptimizerRule,
  ): Promise<ConvnetTraining> {
    const method = methodOf(engine, integrator, LARGEST_RANK, rule);
    const network = held(
      networks.get(family).create({ shape: [SIDE, SIDE, 3], classes: 10, format }),
    );
    const batch = makeBatch(engine, CONV_BATCH, SIDE * SIDE * 3);
    const states = await initialStates(method, network, 1);
    return new ConvnetTraining(method, network, batch, states);
  }

  async step(): Promise<void> {
    const before = this.#states;
    const out = await stepOn(this.#method, this.#network, before, this.#batch, RATE);
    this.#states = out.states;
    disposeStates(before, out.states);
  }

  /** Logits with the statistics that training has gathered. */
  async infer(): Promise<void> {
    const { engine } = this.#method;
    const points = currentPoints(this.#network, this.#states);
    await engine.scope(async () => {
      const pass = new Pass(engine, this.#network, points, { training: false });
      await engine.read(this.#network.forward(pass, this.#batch.x!));
    });
  }
}

/** Training steps and inference of the library's convolutional networks, batch 128. */
export const convnet: WorkloadKind = {
  name: "convnet",
  usage: "convnet forward|step|adam-step <network> <format> [held]",
  async create(engine, words): Promise<Workload> {
    const [pass, family, format, integrator = "augmented-bug"] = words;
    const known = ["forward", "step", "adam-step"].includes(pass!);
    if (family === undefined || format === undefined || !known) {
      throw new RangeError(`Cannot read the workload: expected "${this.usage}"`);
    }
    const { create } = pass === "adam-step" ? adam : sgd;
    const training = await ConvnetTraining.start(engine, family, format, integrator, create());
    return { step: () => pass === "forward" ? training.infer() : training.step() };
  },
};
