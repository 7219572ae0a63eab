/**
 * Networks that stand in for the entropy closure, as plugins.
 *
 * @module
 */

import {
  type Engine,
  type Examples,
  type GradientImage,
  type Layer,
  meanMeter,
  meanSquare,
  type Model,
  type Plugin,
  Registry,
  sobolev,
  type Task,
  type Tensor,
} from "../../../core/mod.ts";
import {
  inputConvex,
  linear,
  normalOf,
  perceptron,
  residual,
  sequential,
} from "../../../layers/mod.ts";
import type { ConvexLayer } from "./convex_kernel.ts";
import type { MomentSystem } from "./system.ts";

/** What a network is made for. */
export interface ClosureShape {
  /** Functions but the first. */
  readonly inputs: number;
  /** Neurons of a hidden layer. */
  readonly width: number;
  /** Hidden layers. */
  readonly depth: number;
  /** Format of the weights, of contrasts between hidden layers; default: what suits the network. */
  readonly format?: string;
  /** Rank at the start, for formats that have one. */
  readonly rank?: number;
}

/** A kind of network from ū to α_#. */
export interface ClosureNetwork extends Plugin {
  /** Makes the network. */
  network(shape: ClosureShape): Layer;
  /** What it learns: columns x, value, gradient and image. */
  task(data: Pick<Task, "train" | "test">, image: GradientImage): Task;
  /** α_# at ū, both batch × inputs. */
  multipliers(model: Model, x: Tensor): Tensor;
  /** h(ū), batch × 1, where the network has one. */
  entropy?(model: Model, x: Tensor): Tensor;
  /**
   * Where α_# is the gradient of an input-convex network with softplus: its layers, given all
   * weights in full by name. Solvers then need no engine.
   */
  layers?(weights: ReadonlyMap<string, Float32Array>): ConvexLayer[];
}

/** Closure networks by name. */
export const closureNetworks: Registry<ClosureNetwork> = new Registry("closure network");

/** û = E_p[m_#]/c + γ α_# of multipliers, on the engine. */
export function momentImage(system: MomentSystem, gamma: number, weight = 1.5): GradientImage {
  const { count, values, constant, ordinates: { weights } } = system;
  const [directions, size] = [weights.length, count - 1];
  const functions = Float32Array.from(values.subarray(directions));
  const logarithms = Float32Array.from(weights, Math.log);
  return {
    weight,
    of(engine: Engine, alpha: Tensor): Tensor {
      const m = engine.tensor(functions, [size, directions]);
      const exponents = engine.matMul(alpha, m);
      const measured = engine.add(exponents, engine.tensor(logarithms, [1, directions]));
      const density = engine.exp(engine.logSoftmax(measured));
      const means = engine.matMul(density, m, { transposeRight: true });
      return engine.lincomb(1 / constant, means, gamma, alpha);
    },
  };
}

/** A convex entropy, whose gradient has the multipliers. */
export const convexClosure: ClosureNetwork = closureNetworks.add({
  name: "input-convex",
  description: "an entropy that is convex in the moments; multipliers are its gradient",
  network: ({ inputs, width, depth, ...weights }) =>
    inputConvex({
      inputs,
      widths: new Array(depth).fill(width),
      initialiser: normalOf(0.5),
      ...weights,
    }),
  task: (data, image) => sobolev({ ...data, image }),
  multipliers(model, x) {
    const { y, pullback } = model.linearise(x);
    return pullback(model.engine.fill(y.shape, 1));
  },
  entropy: (model, x) => model.forward(x),
  layers(weights) {
    const count = [...weights.keys()].filter((name) => /^direct\d+\.weight$/.test(name)).length;
    return Array.from({ length: count }, (_, k) => ({
      direct: weights.get(`direct${k}.weight`)!,
      bias: weights.get(`direct${k}.bias`)!,
      ...(k > 0 && { convex: weights.get(`convex${k}.weight`)! }),
    }));
  },
});

/** Multipliers without an entropy, as a contrast. */
export const residualClosure: ClosureNetwork = closureNetworks.add({
  name: "residual",
  description: "multipliers by residual blocks, with no entropy behind them; a contrast",
  network({ inputs, width, depth, format = "dense", ...weights }) {
    const map = (name: string, from: number, to: number, inner: boolean): Layer =>
      linear({
        ...{ name, inputs: from, outputs: to },
        ...(inner ? { format, ...weights } : {}),
        activation: name === "last" ? "identity" : "softplus",
      });
    const blocks = Array.from(
      { length: depth },
      (_, k) => residual({ body: map(`block${k + 1}`, width, width, true) }),
    );
    return sequential([
      map("first", inputs, width, false),
      ...blocks,
      map("last", width, inputs, false),
    ]);
  },
  task: (data, image) => directTask(data, image, 0),
  multipliers: (model, x) => model.forward(x),
});

/** Multipliers that are asked to be monotone, pair by pair. */
export const monotoneClosure: ClosureNetwork = closureNetworks.add({
  name: "monotone",
  description: "multipliers directly, with a loss on pairs that are not monotone; a contrast",
  network: ({ inputs, width, depth, ...weights }) =>
    perceptron({
      sizes: [inputs, ...new Array(depth).fill(width), inputs],
      activation: "softplus",
      ...weights,
    }),
  task: (data, image) => directTask(data, image, 1),
  multipliers: (model, x) => model.forward(x),
});

/** Errors of multipliers and their image, and of pairs where (α(u) − α(v))·(u − v) < 0. */
function directTask(
  data: { readonly train: Examples; readonly test: Examples },
  image: GradientImage,
  monotone: number,
): Task {
  const errors = (model: Model, batch: Readonly<Record<string, Tensor>>) => {
    const { engine } = model;
    const found = model.forward(batch.x!);
    return {
      gradient: meanSquare(model, found, batch.gradient!),
      image: meanSquare(model, image.of(engine, found), batch.image!),
      pairs: monotone === 0 ? engine.zeros([]) : falling(engine, batch.x!, found),
    };
  };
  const loss: Task["loss"] = (model, batch) => {
    const e = errors(model, batch);
    const { engine } = model;
    const both = engine.lincomb(1, e.gradient, image.weight, e.image);
    return monotone === 0 ? both : engine.lincomb(1, both, monotone, e.pairs);
  };
  return {
    ...data,
    name: "multipliers",
    measures: [{ name: "gradientRmse", better: "less" }, { name: "imageRmse", better: "less" }],
    loss,
    meter: () =>
      meanMeter({
        loss,
        gradient: (model, batch) => errors(model, batch).gradient,
        image: (model, batch) => errors(model, batch).image,
      }, (m) => ({ gradientRmse: Math.sqrt(m.gradient!), imageRmse: Math.sqrt(m.image!) })),
  };
}

/** Mean over neighbours in a batch of max(0, −(α(u) − α(v))·(u − v)). */
function falling(engine: Engine, x: Tensor, alpha: Tensor): Tensor {
  const [count, size] = x.shape as [number, number];
  if (count < 2) return engine.zeros([]);
  const steps = (t: Tensor): Tensor =>
    engine.sub(
      engine.slice(t, [1, 0], [count - 1, size]),
      engine.slice(t, [0, 0], [count - 1, size]),
    );
  const products = engine.mul(steps(x), steps(alpha));
  const sums = engine.matMul(products, engine.fill([size, 1], -1));
  return engine.scale(1 / (count - 1), engine.sum(engine.activate(sums, "relu")));
}
