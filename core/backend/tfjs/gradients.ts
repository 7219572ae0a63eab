/**
 * How the tape differentiates the kernels of {@linkcode KERNEL}.
 *
 * A gradient function runs once per recorded call that lies on the path from the inputs to the
 * value, within the scope of the whole backward pass: what is computed here, outside the closures,
 * is shared by them and lives until that pass ends. A closure runs only for inputs on the path, so
 * the first layer never computes the gradient of its data.
 *
 * @module
 */

import type { Activation, GradientPair } from "../engine.ts";
import { type Held, KERNEL } from "./kernels.ts";
import { share } from "./share.ts";
import {
  type GradConfig,
  outer,
  runtimeOf,
  type TensorMap,
  type Tf,
  type TfTensor,
} from "./types.ts";

/** Attributes of the linear maps. */
export interface LinearAttributes {
  /** Activation at the output. */
  readonly activation: Activation;
  /** Whether there is a bias. */
  readonly bias: boolean;
  /** Receiver of the pair, for a low-rank map. */
  readonly capture?: ((pair: GradientPair) => void) | undefined;
  /** Operands and results of the forward pass; undefined when no backward pass follows. */
  readonly held?: Held | undefined;
}

/** Registers the gradients; they are shared by all backends. Doing it twice changes nothing. */
export function registerGradients(tf: Tf): void {
  if (tf.getGradient(KERNEL.linear)) return;
  for (const config of gradientConfigs(tf)) tf.registerGradient(config);
}

function gradientConfigs(tf: Tf): GradConfig[] {
  return [
    linearConfig(tf),
    lowRankConfig(tf),
    activateConfig(tf),
    crossEntropyConfig(tf),
    scaleConfig(tf),
    lincombConfig(tf),
    lincombSquareConfig(tf),
    adaptiveStepConfig(tf),
    normConfig(tf),
  ];
}

/** What the forward pass held. */
function heldBy(attrs: unknown): Held {
  const { held } = attrs as { held?: Held };
  if (held) return held;
  throw new Error(
    "Cannot differentiate an operation of the engine: expected Engine.gradients around it, got a " +
      "gradient function of TensorFlow.js",
  );
}

/**
 * Frees what the backward pass of the previous operation needed: by now it is over. Without this a
 * pass would hold all upstream gradients until it ends, and stream them through the caches.
 *
 * An upstream gradient is freed only if it was made here, as the gradient of an operation's data:
 * then the operation that made the data is the only one to read it.
 */
class Leftovers {
  #tensors: TfTensor[] = [];
  readonly #dataGradients: WeakSet<TfTensor> = new WeakSet();

  /** Notes the gradient of an operation's data. */
  dataGradient(t: TfTensor): TfTensor {
    this.#dataGradients.add(t);
    return t;
  }

  /** Frees the tensors of the previous operation. */
  free(): void {
    for (const t of this.#tensors) t.dispose();
    this.#tensors = [];
  }

  /** Notes what this operation leaves: the gradient it was given, and intermediate results. */
  note(dy: TfTensor, ...others: TfTensor[]): void {
    this.#tensors = others.filter((t) => t !== dy);
    if (this.#dataGradients.has(dy)) this.#tensors.push(dy);
  }
}

const leftovers = new Leftovers();

/** Frees what the last operation of a pass left. */
export function endOfPass(): void {
  leftovers.free();
}

/** op(A) op(B), without the argument checks of the public function. */
function product(tf: Tf, a: TfTensor, b: TfTensor, transposeA = false, transposeB = false) {
  return runOne(tf, "BatchMatMul", { a, b }, { transposeA, transposeB });
}

function runOne(tf: Tf, name: string, inputs: TensorMap, attrs = {}): TfTensor {
  return runtimeOf(tf).runKernel(name, inputs, attrs) as TfTensor;
}

/** D = dY ∘ act′(Y) and its column sums where there is a bias. */
function upstream(
  tf: Tf,
  dy: TfTensor,
  y: TfTensor,
  activation: Activation,
  columnSums: boolean,
): { d: TfTensor; db: () => TfTensor } {
  if (activation === "identity") {
    return { d: dy, db: () => runOne(tf, KERNEL.columnSums, { x: dy }) };
  }
  const attrs = { activation, columnSums };
  const outputs = runtimeOf(tf).runKernel(KERNEL.activationGrad, { dy, y }, attrs) as TfTensor[];
  return { d: outputs[0]!, db: () => outputs[1]! };
}

function linearConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.linear,
    gradFunc: (dy, _saved, attrs) => {
      const { x, w, y } = heldBy(attrs);
      const { activation, bias } = attrs as unknown as LinearAttributes;
      leftovers.free();
      const { d, db } = upstream(tf, dy as TfTensor, y!, activation, bias);
      leftovers.note(dy as TfTensor, d);
      return {
        x: () => leftovers.dataGradient(product(tf, d, w!, false, true)),
        w: () => product(tf, x!, d, true, false),
        b: db,
      };
    },
  };
}

function lowRankConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.lowRankLinear,
    gradFunc: (dy, _saved, attrs) => {
      const { x, u, s, v, y, xu, xus } = heldBy(attrs);
      const { activation, bias, capture } = attrs as unknown as LinearAttributes;
      leftovers.free();
      const inputs = { dy: dy as TfTensor, y: y!, s: s!, v: v! };
      const outputs = runtimeOf(tf).runKernel(KERNEL.lowRankBackward, inputs, { activation, bias });
      const [dv, dvs, ...others] = outputs as [TfTensor, TfTensor, ...TfTensor[]];
      const db = bias ? others.shift() : undefined;
      const d = others.shift() ?? dy as TfTensor;
      leftovers.note(dy as TfTensor, d, dv, dvs);
      if (capture) handOver(tf, capture, { x: x!, d, xu: xu!, dv });
      return {
        x: () => leftovers.dataGradient(product(tf, dvs, u!, false, true)),
        u: () => product(tf, x!, dvs, true, false),
        s: () => product(tf, xu!, dv, true, false),
        v: () => product(tf, d, xus!, true, false),
        b: () => db!,
      };
    },
  };
}

/** Gives the pair away under handles of its own, so that this pass may still use the data. */
function handOver(
  tf: Tf,
  capture: (pair: GradientPair) => void,
  { x, d, xu, dv }: Record<keyof GradientPair, TfTensor>,
): void {
  const own = (t: TfTensor) => outer(share(tf, t));
  capture({ x: own(x), d: own(d), xu: own(xu), dv: own(dv) });
}

function activateConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.activate,
    outputsToSave: [true],
    gradFunc: (dy, saved, attrs) => {
      const { activation } = attrs as unknown as LinearAttributes;
      return { x: () => tf.clone(upstream(tf, dy as TfTensor, saved[0]!, activation, false).d) };
    },
  };
}

function crossEntropyConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.crossEntropy,
    gradFunc: (dy, _saved, attrs) => {
      const { logits, labels } = heldBy(attrs);
      const inputs = { logits: logits!, labels: labels!, dy: dy as TfTensor };
      return { logits: () => runOne(tf, KERNEL.crossEntropyGrad, inputs) };
    },
  };
}

function scaleConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.scale,
    gradFunc: (dy, _saved, attrs) => ({
      x: () => runOne(tf, KERNEL.scale, { x: dy as TfTensor }, attrs),
    }),
  };
}

function lincombConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.lincomb,
    gradFunc: (dy, _saved, attrs) => {
      const { alpha, beta } = attrs as { alpha: number; beta: number };
      const scaled = (factor: number) => () =>
        runOne(tf, KERNEL.scale, { x: dy as TfTensor }, { alpha: factor });
      return { x: scaled(alpha), y: scaled(beta) };
    },
  };
}

function lincombSquareConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.lincombSquare,
    inputsToSave: ["g"],
    gradFunc: (dy, saved, attrs) => {
      const { alpha, beta } = attrs as { alpha: number; beta: number };
      return {
        v: () => runOne(tf, KERNEL.scale, { x: dy as TfTensor }, { alpha }),
        g: () => tf.mul(dy as TfTensor, tf.mul(2 * beta, saved[0]!)),
      };
    },
  };
}

function adaptiveStepConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.adaptiveStep,
    inputsToSave: ["m", "v"],
    gradFunc: (dy, saved, attrs) => {
      const [m, v] = saved as [TfTensor, TfTensor];
      const c = attrs as { gamma: number; alpha: number; delta: number; epsilon: number };
      const root = tf.sqrt(tf.mul(c.delta, v));
      const below = tf.add(root, c.epsilon);
      const up = dy as TfTensor;
      return {
        x: () => tf.mul(c.gamma, up),
        m: () => tf.div(tf.mul(-c.alpha, up), below),
        v: () =>
          tf.div(
            tf.mul(tf.mul(0.5 * c.alpha * c.delta, up), m),
            tf.mul(tf.square(below), root),
          ),
      };
    },
  };
}

function normConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.norm,
    inputsToSave: ["x"],
    outputsToSave: [true],
    gradFunc: (dy, saved) => {
      const [x, norm] = saved as [TfTensor, TfTensor];
      return { x: () => tf.mul(x, tf.divNoNan(dy as TfTensor, norm)) };
    },
  };
}
