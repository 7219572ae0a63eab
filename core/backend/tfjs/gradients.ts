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
import { KERNEL, type Stash } from "./kernels.ts";
import {
  type GradConfig,
  outer,
  runtimeOf,
  type TensorMap,
  type Tf,
  type TfTensor,
} from "./types.ts";

/** Attributes of a low-rank map. */
export interface LowRankAttributes {
  /** Activation at the output. */
  readonly activation: Activation;
  /** Whether there is a bias. */
  readonly bias: boolean;
  /** Receiver of the pair. */
  readonly capture?: ((pair: GradientPair) => void) | undefined;
  /** What the forward pass left, if anything. */
  readonly stash?: Stash | undefined;
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

function runOne(tf: Tf, name: string, inputs: TensorMap, attrs = {}): TfTensor {
  return runtimeOf(tf).runKernel(name, inputs, attrs) as TfTensor;
}

/** D = dY ∘ act′(Y) and its column sums where there is a bias. */
function upstream(
  tf: Tf,
  dy: TfTensor,
  y: TfTensor,
  a: { activation: Activation; bias: boolean },
): { d: TfTensor; db: () => TfTensor } {
  if (a.activation === "identity") {
    return { d: dy, db: () => runOne(tf, KERNEL.columnSums, { x: dy }) };
  }
  const attrs = { activation: a.activation, columnSums: a.bias };
  const outputs = runtimeOf(tf).runKernel(KERNEL.activationGrad, { dy, y }, attrs) as TfTensor[];
  return { d: outputs[0]!, db: () => tf.clone(outputs[1]!) };
}

function linearConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.linear,
    inputsToSave: ["x", "w"],
    outputsToSave: [true],
    gradFunc: (dy, saved, attrs) => {
      const [x, w, y] = saved as [TfTensor, TfTensor, TfTensor];
      const a = attrs as unknown as { activation: Activation; bias: boolean };
      const { d, db } = upstream(tf, dy as TfTensor, y, a);
      return {
        x: () => tf.matMul(d, w, false, true),
        w: () => tf.matMul(x, d, true, false),
        b: db,
      };
    },
  };
}

function lowRankConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.lowRankLinear,
    inputsToSave: ["x", "u", "s", "v"],
    outputsToSave: [true],
    gradFunc: (dy, saved, attrs) => {
      const [x, u, s, v, y] = saved as [TfTensor, TfTensor, TfTensor, TfTensor, TfTensor];
      const a = attrs as unknown as LowRankAttributes;
      const { d, db } = upstream(tf, dy as TfTensor, y, a);
      const dv = tf.matMul(d, v);
      const xu = a.stash?.xu ?? tf.matMul(x, u);
      if (a.capture) handOver(tf, a, x, d, xu, dv);
      return {
        x: () => tf.matMul(tf.matMul(dv, s, false, true), u, false, true),
        u: () => tf.matMul(x, tf.matMul(dv, s, false, true), true, false),
        s: () => tf.matMul(xu, dv, true, false),
        v: () => tf.matMul(d, tf.matMul(xu, s), true, false),
        b: db,
      };
    },
  };
}

/** Gives the pair away under handles of its own, so that this pass may still use the data. */
function handOver(
  tf: Tf,
  a: LowRankAttributes,
  x: TfTensor,
  d: TfTensor,
  xu: TfTensor,
  dv: TfTensor,
): void {
  const own = (t: TfTensor) => outer(tf.keep(tf.clone(t)));
  a.capture!({ x: own(x), d: own(d), xu: own(xu), dv: own(dv) });
}

function activateConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.activate,
    outputsToSave: [true],
    gradFunc: (dy, saved, attrs) => {
      const a = { activation: (attrs as { activation: unknown }).activation as Activation };
      return {
        x: () => tf.clone(upstream(tf, dy as TfTensor, saved[0]!, { ...a, bias: false }).d),
      };
    },
  };
}

function crossEntropyConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.crossEntropy,
    inputsToSave: ["logits", "labels"],
    gradFunc: (dy, saved) => {
      const [logits, labels] = saved as [TfTensor, TfTensor];
      const inputs = { logits, labels, dy: dy as TfTensor };
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
