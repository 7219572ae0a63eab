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

import {
  handOver,
  heldBy,
  leftovers,
  type LinearAttributes,
  product,
  runOne,
  upstream,
} from "./backward.ts";
import { convGradients } from "./conv_gradients.ts";
import { KERNEL } from "./names.ts";
import { normGradients } from "./norm_gradients.ts";
import { sequenceGradients } from "./sequence_gradients.ts";
import { type GradConfig, runtimeOf, type Tf, type TfTensor } from "./types.ts";

/** Registers the gradients; they are shared by all backends. Doing it twice changes nothing. */
export function registerGradients(tf: Tf): void {
  if (tf.getGradient(KERNEL.linear)) return;
  for (const config of gradientConfigs(tf)) tf.registerGradient(config);
  for (const name of FREEING) freeAsTheyGo(tf, name);
}

/** Operations of TensorFlow.js that lie between ours on the way back. */
const FREEING = ["Add", "Identity", "Multiply", "Reshape", "Sub", "Transpose"] as const;

/**
 * Lets a gradient function of TensorFlow.js free what the one before it left, as ours do: else the
 * gradients of a residual stream and of moved heads would all be there when the pass ends.
 */
function freeAsTheyGo(tf: Tf, name: string): void {
  const shipped = tf.getGradient(name);
  const gradFunc: GradConfig["gradFunc"] = (dy, saved, attrs) => {
    leftovers.free();
    const gradients = Object.entries(shipped.gradFunc(dy, saved, attrs));
    leftovers.note(dy as TfTensor);
    const marked = gradients.map(([input, f]) =>
      [input, () => leftovers.dataGradient(f() as TfTensor)] as const
    );
    return Object.fromEntries(marked);
  };
  tf.unregisterGradient(name);
  tf.registerGradient({ ...shipped, gradFunc });
}

function gradientConfigs(tf: Tf): GradConfig[] {
  return [
    linearConfig(tf),
    lowRankConfig(tf),
    activateConfig(tf),
    crossEntropyConfig(tf),
    scaleConfig(tf),
    lincombConfig(tf),
    normConfig(tf),
    ...convGradients(tf),
    ...normGradients(tf),
    ...sequenceGradients(tf),
  ];
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
