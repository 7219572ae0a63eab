/**
 * How the tape differentiates operations on sequences.
 *
 * @module
 */

import { summedTo } from "./attention_kernels.ts";
import { heldBy, leftovers, runOne } from "./backward.ts";
import { type Held, KERNEL } from "./names.ts";
import { type Attributes, type GradConfig, runtimeOf, type Tf, type TfTensor } from "./types.ts";

/** Gradients of the kernels on sequences. */
export function sequenceGradients(tf: Tf): GradConfig[] {
  return [
    productsConfig(tf),
    gatherConfig(tf),
    smoothConfig(tf),
    rowNormConfig(tf),
    rotaryConfig(tf),
    attentionConfig(tf),
  ];
}

/** A gradient function that frees what the one before it left, and says what it leaves. */
function config(
  kernelName: string,
  gradients: (dy: TfTensor, held: Held, attrs: Attributes) => Record<string, () => TfTensor>,
): GradConfig {
  return {
    kernelName,
    gradFunc: (dy, _saved, attrs) => {
      leftovers.free();
      const found = gradients(dy as TfTensor, heldBy(attrs), attrs as unknown as Attributes);
      leftovers.note(dy as TfTensor);
      return found;
    },
  };
}

function productsConfig(tf: Tf): GradConfig {
  return config(KERNEL.batchMatMul, (dy, { a, b }, { transposeA, transposeB }) => {
    const [ta, tb] = [transposeA === true, transposeB === true];
    const part = (x: TfTensor, y: TfTensor, tx: boolean, ty: boolean, own: TfTensor) => {
      const attributes = { transposeA: tx, transposeB: ty };
      const whole = runOne(tf, KERNEL.batchMatMul, { a: x, b: y }, attributes);
      return leftovers.dataGradient(summedTo(tf, whole, own.shape));
    };
    return {
      a: () => ta ? part(b!, dy, tb, true, a!) : part(dy, b!, false, !tb, a!),
      b: () => tb ? part(dy, a!, true, ta, b!) : part(a!, dy, !ta, false, b!),
    };
  });
}

function gatherConfig(tf: Tf): GradConfig {
  return config(KERNEL.gather, (dy, { ids }, { rows }) => ({
    table: () => runOne(tf, KERNEL.gatherGrad, { dy, ids: ids! }, { rows }),
  }));
}

function smoothConfig(tf: Tf): GradConfig {
  return config(KERNEL.smooth, (dy, { x }, { form }) => ({
    x: () => leftovers.dataGradient(runOne(tf, KERNEL.smoothGrad, { dy, x: x! }, { form })),
  }));
}

function rowNormConfig(tf: Tf): GradConfig {
  return config(KERNEL.rowNorm, (dy, { x, scale, shift }, { epsilon, centred }) => {
    const inputs = { dy, x: x!, ...scale ? { scale } : {} };
    const attributes = { epsilon, centred, shift: shift !== undefined };
    const outputs = runtimeOf(tf).runKernel(KERNEL.rowNormGrad, inputs, attributes) as TfTensor[];
    return {
      x: () => leftovers.dataGradient(outputs[0]!),
      scale: () => outputs[1]!,
      shift: () => outputs[scale ? 2 : 1]!,
    };
  });
}

function rotaryConfig(tf: Tf): GradConfig {
  return config(KERNEL.rotary, (dy, { cos, sin }, { pairing }) => {
    const inputs = { x: dy, cos: cos!, sin: sin! };
    return {
      x: () => leftovers.dataGradient(runOne(tf, KERNEL.rotary, inputs, { pairing, back: true })),
    };
  });
}

function attentionConfig(tf: Tf): GradConfig {
  return config(KERNEL.attention, (dy, held, { scale, causal }) => {
    const inputs = { ...held, dy };
    const attributes = { scale, causal };
    // At once: what a closure leaves but its result is freed after it.
    const outputs = runtimeOf(tf).runKernel(KERNEL.attentionGrad, inputs, attributes) as TfTensor[];
    const output = (i: number) => () => leftovers.dataGradient(outputs[i]!);
    return {
      q: output(0),
      k: output(1),
      v: output(2),
      bias: () => runOne(tf, KERNEL.attentionBiasGrad, inputs, attributes),
    };
  });
}
