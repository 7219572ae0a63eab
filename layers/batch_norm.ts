/**
 * Batch normalisation.
 *
 * @module
 */

import { type Activation, checkNumber, type Layer, type Pass, type Tensor } from "../core/mod.ts";
import { checkPositive } from "./geometry.ts";
import { ones, zeros } from "./initialisers.ts";
import { weightSpec } from "./weights.ts";

/**
 * Settings of {@linkcode batchNorm}.
 *
 * @example Statistics that move slowly
 * ```ts
 * import { batchNorm, type BatchNormOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const options: BatchNormOptions = { name: "norm", channels: 4, momentum: 0.01 };
 * assertEquals(batchNorm(options).weights.map((w) => w.shape[0]), [4, 4, 4, 4]);
 * ```
 */
export interface BatchNormOptions {
  /** Name of the layer; its weights are `name.scale`, `.shift`, `.mean` and `.variance`. */
  readonly name: string;
  /** Extent of the last axis. */
  readonly channels: number;
  /** Share of a batch in the running statistics; default 0.1. */
  readonly momentum?: number;
  /** Added to variances; default 1e-5. */
  readonly epsilon?: number;
  /** What follows; default "identity". */
  readonly activation?: Activation;
}

/**
 * y = act(scale (x − mean) / √(variance + ε) + shift) for every channel, the last axis: with the
 * statistics of the batch while training, with running ones otherwise (Ioffe, Szegedy, ICML 2015).
 *
 * The running statistics are weights of format "statistic": stored and resumed with the others.
 * Batches are normalised by the biased variance; the running one is unbiased.
 *
 * @throws {RangeError} When a setting is out of range.
 *
 * @example Its weights
 * ```ts
 * import { batchNorm } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { weights } = batchNorm({ name: "norm", channels: 4 });
 * assertEquals(weights.map((w) => w.name), ["norm.scale", "norm.shift", "norm.mean", "norm.variance"]);
 * ```
 */
export function batchNorm(options: BatchNormOptions): Layer {
  const { name, channels, momentum = 0.1, epsilon = 1e-5, activation = "identity" } = options;
  checkPositive(name, { channels });
  checkNumber(`make layer "${name}"`, "momentum", momentum, { above: 0, most: 1 });
  checkNumber(`make layer "${name}"`, "epsilon", epsilon, { above: 0 });
  const statistic = { format: "statistic" };
  const scale = weightSpec(`${name}.scale`, [channels], ones);
  const shift = weightSpec(`${name}.shift`, [channels], zeros);
  const mean = { ...weightSpec(`${name}.mean`, [channels], zeros, statistic), momentum };
  const variance = { ...weightSpec(`${name}.variance`, [channels], ones, statistic), momentum };
  return {
    weights: [scale, shift, mean, variance],
    forward(pass, x) {
      const [a, b] = [pass.dense(scale.name), pass.dense(shift.name)];
      if (!pass.training) {
        const [m, v] = [pass.dense(mean.name), pass.dense(variance.name)];
        const folded = foldStatistics(pass, a, b, m, v, epsilon);
        return pass.engine.affine(x, folded.scale, folded.shift, activation);
      }
      const out = pass.engine.batchNorm(x, a, b, epsilon, activation);
      const count = x.size / channels;
      pass.observe(mean.name, pass.engine.clone(out.mean));
      pass.observe(variance.name, pass.engine.scale(count / Math.max(1, count - 1), out.variance));
      return out.y;
    },
  };
}

/** Scale and shift of the affine map that normalisation with known statistics is. */
function foldStatistics(
  { engine }: Pass,
  scale: Tensor,
  shift: Tensor,
  mean: Tensor,
  variance: Tensor,
  epsilon: number,
): { scale: Tensor; shift: Tensor } {
  const safe = engine.add(variance, engine.fill(variance.shape, epsilon));
  // γ x − α m / √(δ v) of statistics alone, as it is not differentiable: the engine's only quotient.
  const one = engine.fill(variance.shape, 1);
  const quotient = { gamma: 0, alpha: -1, delta: 1, epsilon: 0 };
  const folded = engine.mul(scale, engine.adaptiveStep(one, one, safe, quotient));
  return { scale: folded, shift: engine.lincomb(1, shift, -1, engine.mul(mean, folded)) };
}
