/**
 * Networks as the trainer sees them, and one evaluation of their loss and its derivatives.
 *
 * @module
 */

import type { Activation, ConvGeometry, Engine, GradientPair, Tensor } from "../backend/mod.ts";
import { Random } from "../random.ts";
import type { ForwardPass, LabelledBatch, NetworkAt, TrainingObjective } from "./objective.ts";
import {
  type CapturedPair,
  type Evidence,
  weightFormats,
  type WeightPoint,
  type WeightSpec,
} from "./parameter.ts";

/** A forward map over named weights. Layers hold no tensors. */
export interface Layer {
  /** The weights it needs. */
  readonly weights: readonly WeightSpec[];
  /** The forward map; `x` has the batch in its first dimension. */
  forward(pass: Pass, x: Tensor): Tensor;
}

export type { LabelledBatch } from "./objective.ts";

/** Points of all weights by name. */
export type Points = ReadonlyMap<string, WeightPoint>;

/** One evaluation under way: what layers may use in their forward map. */
export class Pass {
  /** The engine that runs it. */
  readonly engine: Engine;
  /** Whether gradients will be asked for: layers such as dropout differ. */
  readonly training: boolean;
  readonly #specs: ReadonlyMap<string, WeightSpec>;
  readonly #points: Points;
  readonly #pairs: Map<string, CapturedPair[]> = new Map();
  readonly #observed: Map<string, Tensor> = new Map();
  readonly #random: Random;

  /**
   * Starts an evaluation of `network` at `points`.
   *
   * @param random Source of what layers draw; every evaluation of a step starts from the same one.
   */
  constructor(
    engine: Engine,
    network: Layer,
    points: Points,
    training: boolean,
    random: Random = new Random(0),
  ) {
    this.engine = engine;
    this.training = training;
    this.#random = random;
    this.#specs = new Map(network.weights.map((w) => [w.name, w]));
    this.#points = points;
  }

  /** act(x W + b) for a weight of any format. */
  linear(weight: string, x: Tensor, bias: string | null, activation: Activation): Tensor {
    const format = weightFormats.get(this.#spec(weight).format);
    const b = bias === null ? null : this.dense(bias);
    return format.linear(
      this.engine,
      this.#point(weight),
      x,
      b,
      activation,
      this.#receiver(weight),
    );
  }

  /**
   * act(x ∗ W + b) for a kernel of any format.
   *
   * @param x Images, batch×height×width×channels.
   */
  conv2d(
    weight: string,
    x: Tensor,
    bias: string | null,
    geometry: ConvGeometry,
    activation: Activation,
  ): Tensor {
    const format = weightFormats.get(this.#spec(weight).format);
    if (!format.conv2d) {
      throw new Error(
        `Cannot convolve with "${weight}": weights of format "${format.name}" are no kernels`,
      );
    }
    const b = bias === null ? null : this.dense(bias);
    return format.conv2d(
      this.engine,
      this.#point(weight),
      x,
      b,
      geometry,
      activation,
      this.#receiver(weight, geometry),
    );
  }

  /** The random numbers of a layer: the same in every evaluation of one step. */
  random(layer: string): Random {
    return this.#random.fork(layer);
  }

  /** Tells what this pass saw of a weight of format "statistic"; the pass takes the tensor over. */
  observe(weight: string, value: Tensor): void {
    this.#spec(weight);
    this.#observed.get(weight)?.dispose();
    this.#observed.set(weight, this.engine.keep(value));
  }

  /** What was observed of a statistic; undefined where nothing was. */
  observed(weight: string): Tensor | undefined {
    return this.#observed.get(weight);
  }

  /** The tensor of a weight of format "dense" or "statistic". */
  dense(weight: string): Tensor {
    return this.#point(weight).value!;
  }

  /** Gradient pairs of a weight, after the backward pass. */
  pairs(weight: string): readonly CapturedPair[] {
    return this.#pairs.get(weight) ?? [];
  }

  /** Frees what the passes left to their receivers. */
  dispose(): void {
    for (const pair of [...this.#pairs.values()].flat()) {
      for (const t of [pair.x, pair.d, pair.xu, pair.dv, pair.dxu, pair.z]) t?.dispose();
    }
    for (const t of this.#observed.values()) t.dispose();
    this.#pairs.clear();
    this.#observed.clear();
  }

  /** What takes the gradient pairs of a weight; nobody does outside of training. */
  #receiver(weight: string, geometry?: ConvGeometry): ((pair: GradientPair) => void) | undefined {
    if (!this.training) return undefined;
    return (pair) => this.#capture(weight, geometry ? { ...pair, geometry } : pair);
  }

  #capture(weight: string, pair: CapturedPair): void {
    const pairs = this.#pairs.get(weight);
    if (pairs) pairs.push(pair);
    else this.#pairs.set(weight, [pair]);
  }

  #spec(weight: string): WeightSpec {
    const spec = this.#specs.get(weight);
    if (!spec) {
      throw new Error(
        `Cannot find weight "${weight}": the network declares ${[...this.#specs.keys()]}`,
      );
    }
    return spec;
  }

  #point(weight: string): WeightPoint {
    this.#spec(weight);
    return this.#points.get(weight)!;
  }
}

/** A network at fixed points, to be evaluated as it is outside of training. */
export function networkAt(engine: Engine, network: Layer, points: Points): NetworkAt {
  return {
    engine,
    open(): ForwardPass {
      const pass = new Pass(engine, network, points, false);
      return { forward: (x) => network.forward(pass, x), dispose: () => pass.dispose() };
    },
  };
}

/** Loss and evidence of one forward and backward pass. */
export interface Evaluation {
  /** Mean loss over the batch. */
  readonly loss: number;
  /** Evidence of every weight by name. */
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** Frees the gradient pairs. */
  dispose(): void;
}

/**
 * Differentiates minus the loss in the weights: the gradient flow of training.
 *
 * @param network Maps inputs to logits.
 * @param points Where the weights are.
 * @param random Source of what layers draw.
 * @param loss A loss of the logits in place of the mean cross-entropy.
 */
export async function evaluate(
  engine: Engine,
  network: Layer,
  points: Points,
  batch: LabelledBatch,
  random?: Random,
  loss?: TrainingObjective["loss"],
): Promise<Evaluation> {
  const other = loss && await otherLoss(engine, network, points, batch, random, loss);
  const pass = new Pass(engine, network, points, true, random);
  const anchors = new Map<string, Tensor>();
  for (const { name, format } of network.weights) {
    const { anchor } = weightFormats.get(format);
    if (anchor !== undefined) anchors.set(name, points.get(name)![anchor]!);
  }
  try {
    const { value, gradients } = engine.gradients(() => {
      const logits = network.forward(pass, batch.x);
      return other
        ? engine.sum(engine.mul(other.downhill, logits))
        : engine.scale(-1, engine.softmaxCrossEntropy(logits, batch.labels));
    }, [...anchors.values()]);
    const gradientOf = new Map([...anchors.keys()].map((name, i) => [name, gradients[i]!]));
    const evidence = new Map(network.weights.map(({ name }) => [
      name,
      { gradient: gradientOf.get(name) ?? seen(pass, points, name), pairs: pass.pairs(name) },
    ]));
    const lost = other ? other.value : -(await engine.read(value))[0]!;
    return { loss: lost, evidence, dispose: () => pass.dispose() };
  } catch (error) {
    pass.dispose();
    throw error;
  }
}

/**
 * Value of a loss with minus its derivative in the logits: with that held fixed, the derivative of
 * its product with the logits is the derivative of the loss.
 */
async function otherLoss(
  engine: Engine,
  network: Layer,
  points: Points,
  batch: LabelledBatch,
  random: Random | undefined,
  loss: NonNullable<TrainingObjective["loss"]>,
): Promise<{ value: number; downhill: Tensor }> {
  const pass = new Pass(engine, network, points, true, random);
  try {
    return await engine.scope(async () => {
      const logits = network.forward(pass, batch.x);
      const labels = await engine.read(batch.labels) as Int32Array;
      const found = loss(await engine.read(logits) as Float32Array, labels);
      const downhill = engine.tensor(found.cotangents.map((c) => -c), logits.shape);
      return { value: found.value, downhill };
    });
  } finally {
    pass.dispose();
  }
}

/** What a pass saw of a statistic; where it saw nothing, that stays as it is. */
function seen(pass: Pass, points: Points, name: string): Tensor {
  return pass.observed(name) ?? points.get(name)!.value!;
}
