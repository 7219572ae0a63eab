/**
 * Networks as the trainer sees them, and one evaluation under way.
 *
 * @module
 */

import type { Activation, ConvGeometry, Engine, Tensor } from "../backend/mod.ts";
import { Random } from "../random.ts";
import { representationOf } from "./format.ts";
import type { Linearised, Model, NetworkAt } from "./task.ts";
import type { CapturedPair, Points, WeightPoint, WeightSpec, WeightStates } from "./weight.ts";

/**
 * A forward map over named weights. Layers hold no tensors.
 *
 * @example A layer without weights
 * ```ts
 * import { fit, type Layer, linear, sequential } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const halved: Layer = { weights: [], forward: (pass, x) => pass.engine.scale(0.5, x) };
 * const network = sequential([linear({ name: "map", inputs: 1, outputs: 1 }), halved]);
 * using model = await fit(network, { x: [0, 1], y: [0, 1] }, { epochs: 1, backend: "cpu" });
 * assertEquals((await model.predict([[0], [1]])).shape, [2, 1]);
 * ```
 */
export interface Layer {
  /** The weights it needs. */
  readonly weights: readonly WeightSpec[];
  /** The forward map; inputs have the batch in their first dimension. */
  forward(pass: Pass, x: Tensor, ...others: Tensor[]): Tensor;
  /** The forward map with its derivative in the input; absent where nobody has written it. */
  linearise?(pass: Pass, x: Tensor): Linearised;
  /** What it wants in training beside a small loss, a scalar to be added; absent: nothing. */
  penalty?(pass: Pass): Tensor;
}

/** What a pass is for. */
export interface PassOptions {
  /** Whether gradients will be asked for: layers such as dropout differ. */
  readonly training: boolean;
  /** Source of what layers draw; every evaluation of a step starts from the same one. */
  readonly random?: Random;
  /** Names of the weights whose gradients are wanted; default: all. */
  readonly moving?: ReadonlySet<string>;
}

/**
 * One evaluation under way: what layers may use in their forward map.
 *
 * @example A layer of one's own
 * ```ts
 * import { type Layer, linear, sequential } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const twice: Layer = { weights: [], forward: (pass, x) => pass.engine.scale(2, x) };
 * const network = sequential([linear({ name: "map", inputs: 2, outputs: 1 }), twice]);
 * assertEquals(network.weights.length, 2);
 * ```
 */
export class Pass implements Model {
  /** The engine that runs it. */
  readonly engine: Engine;
  /** Whether gradients will be asked for: layers such as dropout differ. */
  readonly training: boolean;
  readonly #network: Layer;
  readonly #specs: ReadonlyMap<string, WeightSpec>;
  readonly #points: Points;
  readonly #moving: ReadonlySet<string> | undefined;
  readonly #pairs: Map<string, CapturedPair[]> = new Map();
  readonly #observed: Map<string, Tensor> = new Map();
  readonly #random: Random;

  /** Starts an evaluation of `network` at `points`. */
  constructor(
    engine: Engine,
    network: Layer,
    points: Points,
    { training, random = new Random(0), moving }: PassOptions,
  ) {
    this.engine = engine;
    this.training = training;
    this.#network = network;
    this.#random = random;
    this.#moving = moving;
    this.#specs = new Map(network.weights.map((w) => [w.name, w]));
    this.#points = points;
  }

  /** The forward map of the whole network. */
  forward(x: Tensor, ...others: Tensor[]): Tensor {
    return this.#network.forward(this, x, ...others);
  }

  /** The same with its derivative in the input. */
  linearise(x: Tensor): Linearised {
    return linearised(this.#network, this, x);
  }

  /**
   * act(x W + b) for a weight of any format, or act(x Wᵀ + b).
   *
   * @param bias Name of the bias, or null.
   */
  linear(
    weight: string,
    x: Tensor,
    bias: string | null,
    activation: Activation,
    options: { readonly transpose?: boolean } = {},
  ): Tensor {
    const spec = this.#spec(weight);
    const capture = this.#receiver(weight);
    return representationOf(spec).linear(this.engine, this.#point(weight), x, {
      spec,
      bias: bias === null ? null : this.dense(bias),
      activation,
      ...options,
      ...(capture ? { capture } : {}),
    });
  }

  /**
   * Rows of a weight of any format by their number, as tables of vectors are read.
   *
   * @param ids int32 of any shape.
   * @returns The shape of `ids` with the columns of the weight behind it.
   */
  lookup(weight: string, ids: Tensor): Tensor {
    const spec = this.#spec(weight);
    const { lookup } = representationOf(spec);
    if (lookup) {
      const capture = this.#receiver(weight);
      const use = { spec, ...(capture ? { capture } : {}) };
      return lookup(this.engine, this.#point(weight), ids, use);
    }
    const [rows, columns] = spec.shape as [number, number];
    const oneHot = this.engine.oneHot(this.engine.reshape(ids, [ids.size]), rows);
    const vectors = this.linear(weight, oneHot, null, "identity");
    return this.engine.reshape(vectors, [...ids.shape, columns]);
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
    const spec = this.#spec(weight);
    const representation = representationOf(spec);
    if (!representation.conv2d) {
      throw new Error(
        `Cannot convolve with "${weight}": weights of format "${spec.format}" are no kernels`,
      );
    }
    const capture = this.#receiver(weight, geometry);
    return representation.conv2d(this.engine, this.#point(weight), x, {
      spec,
      bias: bias === null ? null : this.dense(bias),
      geometry,
      activation,
      ...(capture ? { capture } : {}),
    });
  }

  /** The random numbers of a layer: the same in every evaluation of one step. */
  random(layer: string): Random {
    return this.#random.fork(layer);
  }

  /** Tells what this pass saw of a statistic; the pass takes the tensor over. */
  observe(weight: string, value: Tensor): void {
    this.#spec(weight);
    this.#observed.get(weight)?.dispose();
    this.#observed.set(weight, this.engine.keep(value));
  }

  /** What was observed of a statistic; undefined where nothing was. */
  observed(weight: string): Tensor | undefined {
    return this.#observed.get(weight);
  }

  /** The tensor of a weight that is stored in full. */
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

  /** What takes the gradient pairs of a weight; nobody does where no gradient is wanted. */
  #receiver(weight: string, geometry?: ConvGeometry): ((pair: CapturedPair) => void) | undefined {
    if (!this.training || this.#moving?.has(weight) === false) return undefined;
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

/**
 * A layer's value with its derivative in the input.
 *
 * @throws {Error} When the layer offers none.
 */
export function linearised(layer: Layer, pass: Pass, x: Tensor): Linearised {
  if (layer.linearise) return layer.linearise(pass, x);
  const names = layer.weights.map((w) => w.name);
  throw new Error(
    `Cannot differentiate the network in its input: a layer with weights [${names}] has no ` +
      `linearise()`,
  );
}

/** A network at fixed points, to be evaluated as it is outside of training. */
export function networkAt(engine: Engine, network: Layer, points: Points): NetworkAt {
  return { engine, open: () => new Pass(engine, network, points, { training: false }) };
}

/** Where the weights stand between steps. */
export function currentPoints(network: Layer, states: WeightStates): Points {
  return new Map(
    network.weights.map((spec) => [spec.name, representationOf(spec).point(states[spec.name]!)]),
  );
}
