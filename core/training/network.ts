/**
 * Networks as the trainer sees them, and one evaluation of their loss and its derivatives.
 *
 * @module
 */

import type { Activation, Engine, GradientPair, Tensor } from "../backend/mod.ts";
import { type Evidence, weightFormats, type WeightPoint, type WeightSpec } from "./parameter.ts";

/** A forward map over named weights. Layers hold no tensors. */
export interface Layer {
  /** The weights it needs. */
  readonly weights: readonly WeightSpec[];
  /** The forward map; `x` has the batch in its first dimension. */
  forward(pass: Pass, x: Tensor): Tensor;
}

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
  readonly #pairs: Map<string, GradientPair[]> = new Map();

  /** Starts an evaluation of `network` at `points`. */
  constructor(engine: Engine, network: Layer, points: Points, training: boolean) {
    this.engine = engine;
    this.training = training;
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
      (pair) => this.#capture(weight, pair),
    );
  }

  /** The tensor of a weight of format "dense". */
  dense(weight: string): Tensor {
    return this.#point(weight).value!;
  }

  /** Gradient pairs of a weight, after the backward pass. */
  pairs(weight: string): readonly GradientPair[] {
    return this.#pairs.get(weight) ?? [];
  }

  /** Frees what the backward pass left to its receivers. */
  disposePairs(): void {
    for (const pair of [...this.#pairs.values()].flat()) {
      for (const t of [pair.x, pair.d, pair.xu, pair.dv]) t.dispose();
    }
    this.#pairs.clear();
  }

  #capture(weight: string, pair: GradientPair): void {
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

/** Examples with their labels. */
export interface LabelledBatch {
  /** Inputs, batch first. */
  readonly x: Tensor;
  /** Class labels, int32, length batch. */
  readonly labels: Tensor;
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
 * Differentiates minus the mean cross-entropy in the weights: the gradient flow of training.
 *
 * @param network Maps inputs to logits.
 * @param points Where the weights are.
 */
export async function evaluate(
  engine: Engine,
  network: Layer,
  points: Points,
  batch: LabelledBatch,
): Promise<Evaluation> {
  const pass = new Pass(engine, network, points, true);
  const anchors = network.weights.map((w) => {
    const anchor = weightFormats.get(w.format).anchor;
    return points.get(w.name)![anchor]!;
  });
  const { value, gradients } = engine.gradients(() => {
    const logits = network.forward(pass, batch.x);
    return engine.scale(-1, engine.softmaxCrossEntropy(logits, batch.labels));
  }, anchors);
  const evidence = new Map(network.weights.map((w, i) => [
    w.name,
    { gradient: gradients[i]!, pairs: pass.pairs(w.name) },
  ]));
  const loss = -(await engine.read(value))[0]!;
  return { loss, evidence, dispose: () => pass.disposePairs() };
}
