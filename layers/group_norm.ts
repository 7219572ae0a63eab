/**
 * Normalisation within each example.
 *
 * @module
 */

import { type Activation, checkNumber, type Layer, type WeightSpec } from "../core/mod.ts";
import { checkPositive } from "./geometry.ts";
import { ones, zeros } from "./initialisers.ts";
import { weightSpec } from "./weights.ts";

/**
 * Settings of {@linkcode layerNorm}.
 *
 * @example Without a shift
 * ```ts
 * import { layerNorm, type LayerNormOptions } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const options: LayerNormOptions = { name: "norm", channels: 4, shift: false };
 * assertEquals(layerNorm(options).weights.map((w) => w.name), ["norm.scale"]);
 * ```
 */
export interface LayerNormOptions {
  /** Name of the layer; its weights are `name.scale` and `name.shift`. */
  readonly name: string;
  /** Extent of the last axis. */
  readonly channels: number;
  /** Added to variances; default 1e-5. */
  readonly epsilon?: number;
  /** What follows; default "identity". */
  readonly activation?: Activation;
  /** Whether something is added after scaling, `name.shift`; default true. */
  readonly shift?: boolean;
}

/** Settings of {@linkcode groupNorm}. */
export interface GroupNormOptions extends Omit<LayerNormOptions, "shift"> {
  /** Groups of channels that share mean and variance; divides the channels. */
  readonly groups: number;
}

/**
 * y = act(scale (x − mean) / √(variance + ε) + shift) with both taken over the last axis of each
 * entry (Ba, Kiros, Hinton, 2016). With scale and shift for every position of that axis.
 *
 * @example Its weights
 * ```ts
 * import { layerNorm } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * const { weights } = layerNorm({ name: "norm", channels: 4 });
 * assertEquals(weights.map((w) => w.name), ["norm.scale", "norm.shift"]);
 * ```
 */
export function layerNorm(options: LayerNormOptions): Layer {
  const { epsilon = 1e-5, activation = "identity" } = options;
  const [scale, shift] = affineSpecs(options);
  const shifts = options.shift ?? true;
  return {
    weights: shifts ? [scale, shift] : [scale],
    forward(pass, x) {
      const added = shifts ? pass.dense(shift.name) : null;
      const y = pass.engine.layerNorm(x, pass.dense(scale.name), added, epsilon);
      return activation === "identity" ? y : pass.engine.activate(y, activation);
    },
  };
}

/**
 * y = act(scale (x − mean) / √(variance + ε) + shift) with both taken over the pixels and channels
 * of a group in each image (Wu, He, ECCV 2018): no batch, no running statistics, the same in
 * training and in use. One group is layer normalisation of images, `channels` groups are instance
 * normalisation.
 *
 * @throws {RangeError} When the groups do not divide the channels.
 */
export function groupNorm(options: GroupNormOptions): Layer {
  const { name, channels, groups, epsilon = 1e-5, activation = "identity" } = options;
  checkPositive(name, { channels, groups });
  if (channels % groups !== 0) {
    throw new RangeError(
      `Cannot make layer "${name}": groups must divide the ${channels} channels, got ${groups}`,
    );
  }
  const [scale, shift] = affineSpecs(options);
  return {
    weights: [scale, shift],
    forward(pass, x) {
      const { engine } = pass;
      const [batch, per] = [x.shape[0]!, channels / groups];
      const pixels = x.size / (batch * channels);
      const grouped = engine.reshape(x, [batch, pixels, groups, per]);
      const z = engine.reshape(engine.standardise(grouped, [1, 3], epsilon), x.shape);
      return engine.affine(z, pass.dense(scale.name), pass.dense(shift.name), activation);
    },
  };
}

function affineSpecs(
  { name, channels, epsilon = 1e-5 }: LayerNormOptions,
): [WeightSpec, WeightSpec] {
  checkPositive(name, { channels });
  checkNumber(`make layer "${name}"`, "epsilon", epsilon, { above: 0 });
  return [
    weightSpec(`${name}.scale`, [channels], ones),
    weightSpec(`${name}.shift`, [channels], zeros),
  ];
}
