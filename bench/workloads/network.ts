import {
  augmentedBug,
  type Batch,
  batchEvaluator,
  choose,
  crossEntropyLoss,
  currentPoints,
  disposeStates,
  type Engine,
  engineAlgebra,
  initialStates,
  integrators,
  type Layer,
  type OptimizerRule,
  optimizerStepper,
  refreshRules,
  relativeFrobenius,
  type StepOutcome,
  type Tensor,
  type TrainingMethod,
  trainStep,
  tuckerIntegrators,
  type WeightStates,
} from "../../core/mod.ts";
import { perceptron } from "../../layers/mod.ts";
import { sgd } from "../../optimizers/mod.ts";
import { integers, numbers, type Workload, type WorkloadKind } from "./workload.ts";

/** Sizes of the network of the first DLRT paper. */
export const WIDTHS: readonly number[] = [784, 500, 500, 500, 500, 10];

/** Examples in a batch. */
export const BATCH = 256;

/** In place of an integrator: steps between two of its own. */
export const HELD = "held";

/** Step size: small enough to stay put over thousands of steps on one batch. */
export const RATE = 0.01;

/** The same random images and labels in every step. */
export function makeBatch(
  engine: Engine,
  count: number,
  inputs = WIDTHS[0]!,
): { x: Tensor; y: Tensor } {
  const pixels = numbers(count * inputs).map((v) => (v + 1) / 2);
  const labels = Int32Array.from(numbers(count, 7), (v) => Math.floor((v + 1) * 5));
  return {
    x: engine.keep(engine.tensor(pixels, [count, inputs])),
    y: engine.keep(engine.tensor(labels, [count])),
  };
}

/** A network in training: its states change with every step. */
export class Training {
  readonly #method: TrainingMethod;
  readonly #network: Layer;
  readonly #batch: Batch;
  #states: WeightStates = {};

  private constructor(method: TrainingMethod, network: Layer, batch: Batch) {
    this.#method = method;
    this.#network = network;
    this.#batch = batch;
  }

  /**
   * Starts a network.
   *
   * @param integrator Registry name, "held" for steps of the cores alone, or "dense" for full
   * weights.
   * @param rank Rank, held by the bounds of truncation; ignored by full weights.
   * @param sizes Sizes from the input to the logits.
   */
  static async start(
    engine: Engine,
    integrator: string,
    rank: number,
    sizes: readonly number[] = WIDTHS,
  ): Promise<Training> {
    const dense = integrator === "dense";
    const method = methodOf(engine, integrator, rank);
    const network = perceptron({ sizes, ...(dense ? {} : { format: "low-rank", rank }) });
    const training = new Training(method, network, makeBatch(engine, BATCH, sizes[0]!));
    training.#states = await initialStates(method, network, 1);
    return training;
  }

  /** One training step; returns the loss before it. */
  async step(): Promise<number> {
    const before = this.#states;
    const out = await stepOn(this.#method, this.#network, before, this.#batch, RATE);
    this.#states = out.states;
    disposeStates(before, out.states);
    return out.loss;
  }

  /** One forward and backward pass without an update. */
  async evaluate(): Promise<void> {
    const { engine } = this.#method;
    await engine.scope(async () => {
      const points = currentPoints(this.#network, this.#states);
      const evaluator = batchEvaluator(engine, this.#network, crossEntropyLoss, this.#batch);
      (await evaluator(points, new Set(points.keys()))).dispose();
    });
  }
}

/** Bases stand still from the first step on. */
const CORES_ALONE = "every:last=1";

/** Plain SGD and an integrator, or cores alone; ranks held at one value. */
export function methodOf(
  engine: Engine,
  integrator: string,
  rank: number,
  rule: OptimizerRule = sgd.create(),
): TrainingMethod {
  const held = integrator === HELD;
  return {
    engine,
    algebra: engineAlgebra(engine),
    rule,
    stepper: optimizerStepper(rule),
    integrator: held || integrator === "dense" ? augmentedBug : integrators.get(integrator),
    ...(held ? { refresh: choose(refreshRules, CORES_ALONE) } : {}),
    tuckerIntegrator: tuckerIntegrators.get("augmented-tucker-bug"),
    truncation: { rule: relativeFrobenius, tolerance: 0.1, minRank: rank, maxRank: rank },
  };
}

/** One step on a batch of images with classes. */
export function stepOn(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  batch: Batch,
  rate: number,
): Promise<StepOutcome> {
  const evaluator = batchEvaluator(method.engine, network, crossEntropyLoss, batch);
  return trainStep(method, network, states, evaluator, { rate });
}

/** Training steps through the trainer. */
export const train: WorkloadKind = {
  name: "train",
  usage: "train dense|held|<integrator> rank [width]",
  async create(engine, words): Promise<Workload> {
    const training = await trainingOf(engine, words, this.usage);
    return { step: async () => void await training.step() };
  },
};

/** Forward and backward passes of the same network, without an update. */
export const pass: WorkloadKind = {
  name: "pass",
  usage: "pass dense|held|<integrator> rank [width]",
  async create(engine, words): Promise<Workload> {
    const training = await trainingOf(engine, words, this.usage);
    return { step: () => training.evaluate() };
  },
};

function trainingOf(engine: Engine, words: readonly string[], usage: string): Promise<Training> {
  const [rank] = integers(words.slice(1), 1, usage) as [number];
  const width = words[2] === undefined ? undefined : integers(words.slice(2), 1, usage)[0]!;
  const sizes = width === undefined ? WIDTHS : [784, width, width, width, width, 10];
  return Training.start(engine, words[0]!, rank, sizes);
}
