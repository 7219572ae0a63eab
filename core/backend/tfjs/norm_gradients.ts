/**
 * How the tape differentiates normalisation and global pooling.
 *
 * @module
 */

import { heldBy, leftovers, type LinearAttributes, runOne, upstream } from "./backward.ts";
import { KERNEL } from "./names.ts";
import { type GradConfig, runtimeOf, type Tf, type TfTensor } from "./types.ts";

/** Gradients of the normalisation kernels. */
export function normGradients(tf: Tf): GradConfig[] {
  return [batchNormConfig(tf), affineConfig(tf), globalAverageConfig(tf)];
}

/** The statistics are differentiated as part of y only: their own upstream gradients are zeros. */
function batchNormConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.batchNorm,
    gradFunc: (dys, _saved, attrs) => {
      const { x, scale, y, mean, variance } = heldBy(attrs);
      const { activation } = attrs as unknown as LinearAttributes;
      const dy = (dys as TfTensor[])[0]!;
      leftovers.free();
      const inputs = { dy, y: y!, x: x!, scale: scale!, mean: mean!, variance: variance! };
      const { epsilon } = attrs as unknown as { epsilon: number };
      const outputs = runtimeOf(tf).runKernel(KERNEL.batchNormGrad, inputs, {
        epsilon,
        activation,
      });
      const [dx, dscale, dshift] = outputs as TfTensor[];
      leftovers.note(dy);
      return {
        x: () => leftovers.dataGradient(dx!),
        scale: () => dscale!,
        shift: () => dshift!,
      };
    },
  };
}

function affineConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.affine,
    gradFunc: (dy, _saved, attrs) => {
      const { x, scale, y } = heldBy(attrs);
      const { activation } = attrs as unknown as LinearAttributes;
      leftovers.free();
      const { d } = upstream(tf, dy as TfTensor, y!, activation, false);
      leftovers.note(dy as TfTensor, d);
      const rows = (t: TfTensor) => tf.reshape(t, [-1, scale!.size]);
      return {
        x: () => leftovers.dataGradient(tf.mul(d, scale!)),
        scale: () => tf.sum(tf.mul(rows(d), rows(x!)), 0),
        shift: () => tf.sum(rows(d), 0),
      };
    },
  };
}

function globalAverageConfig(tf: Tf): GradConfig {
  return {
    kernelName: KERNEL.globalAveragePool,
    gradFunc: (dy, _saved, attrs) => {
      const { shape } = attrs as unknown as { shape: readonly number[] };
      const inputs = { dy: dy as TfTensor };
      return {
        x: () =>
          leftovers.dataGradient(runOne(tf, KERNEL.globalAveragePoolGrad, inputs, { shape })),
      };
    },
  };
}
