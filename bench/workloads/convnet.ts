import {
  currentPoints,
  disposeStates,
  type Engine,
  type LabelledBatch,
  type Layer,
  Pass,
  type TrainingMethod,
  trainStep,
  type WeightStates,
} from "../../core/mod.ts";
import { networks } from "../../layers/mod.ts";
import { CONV_BATCH } from "./conv.ts";
import { createStates, makeBatch, methodOf, RATE } from "./network.ts";
import { integers, type Workload, type WorkloadKind } from "./workload.ts";

/** Height and width of the images. */
const SIDE = 32;

/** A convolutional network in training. */
class ConvnetTraining {
  readonly #method: TrainingMethod;
  readonly #network: Layer;
  readonly #batch: LabelledBatch;
  #states: WeightStates;

  private constructor(
    method: TrainingMethod,
    network: Layer,
    batch: LabelledBatch,
    states: WeightStates,
  ) {
    this.#method = method;
    this.#network = network;
    this.#batch = batch;
    this.#states = states;
  }

  static async start(engine: Engine, family: string, format: string, rank: number) {
    const method = methodOf(engine, "augmented-bug", rank);
    const ranks = format === "dense" ? {} : { format, rank };
    const network = networks.get(family).create({ shape: [SIDE, SIDE, 3], classes: 10, ...ranks });
    const batch = makeBatch(engine, CONV_BATCH, SIDE * SIDE * 3);
    const states = await createStates(method, network);
    return new ConvnetTraining(method, network, batch, states);
  }

  async step(): Promise<void> {
    const before = this.#states;
    const out = await trainStep(this.#method, this.#network, before, this.#batch, { rate: RATE });
    this.#states = out.states;
    disposeStates(before, out.states);
  }

  /** Logits with the statistics that training has gathered. */
  async infer(): Promise<void> {
    const { engine } = this.#method;
    const points = currentPoints(this.#network, this.#states);
    await engine.scope(async () => {
      const pass = new Pass(engine, this.#network, points, false);
      await engine.read(this.#network.forward(pass, this.#batch.x));
    });
  }
}

/** Training steps and inference of the library's convolutional networks, batch 128. */
export const convnet: WorkloadKind = {
  name: "convnet",
  usage: "convnet forward|step <network> <format> rank",
  async create(engine, words): Promise<Workload> {
    const [pass, family, format, rank] = words as [string, string, string, string];
    const [bound] = integers([rank], 1, this.usage) as [number];
    const training = await ConvnetTraining.start(engine, family, format, bound);
    return { step: () => pass === "step" ? training.step() : training.infer() };
  },
};
