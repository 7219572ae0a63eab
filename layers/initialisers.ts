/**
 * Random starts of weights.
 *
 * @module
 */

import { type Initialiser, type Random, Registry } from "../core/mod.ts";

/**
 * Initialisers by name.
 *
 * @example One by its name
 * ```ts
 * import { initialisers } from "@rankflow/rankflow";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(initialisers.get("kaiming-normal").variance([8, 4]), 2 / 8);
 * ```
 */
export const initialisers: Registry<Initialiser> = new Registry("initialiser");

function scaled(
  name: string,
  description: string,
  variance: Initialiser["variance"],
  distribution: "normal" | "uniform" = "normal",
): Initialiser {
  return initialisers.add({
    name,
    description,
    variance,
    draw(random: Random, shape: readonly number[]): Float32Array {
      const out = new Float32Array(shape.reduce((n, d) => n * d, 1));
      const deviation = Math.sqrt(variance(shape));
      if (distribution === "normal") return random.fillNormal(out, 0, deviation);
      const bound = Math.sqrt(3) * deviation;
      return random.fillUniform(out, -bound, bound);
    },
  });
}

const fanIn = (shape: readonly number[]): number => shape.slice(0, -1).reduce((n, d) => n * d, 1);
const fans = (shape: readonly number[]): number => fanIn(shape) + shape[shape.length - 1]!;

/** All entries zero: biases. */
export const zeros: Initialiser = initialisers.add({
  name: "zeros",
  description: "all entries zero",
  variance: () => 0,
  draw: (_random, shape) => new Float32Array(shape.reduce((n, d) => n * d, 1)),
});

/** All entries one: scales of normalisations. No weight starts so, and no registry has it. */
export const ones: Initialiser = {
  name: "ones",
  description: "all entries one",
  variance: () => 0,
  draw: (_random, shape) => new Float32Array(shape.reduce((n, d) => n * d, 1)).fill(1),
};

/** Normal with variance 2 / inputs, for ReLU (He et al., ICCV 2015). */
export const kaimingNormal: Initialiser = scaled(
  "kaiming-normal",
  "normal, variance 2 / inputs, for ReLU",
  (shape) => 2 / fanIn(shape),
);

/** Uniform with variance 2 / inputs, for ReLU (He et al., ICCV 2015). */
export const kaimingUniform: Initialiser = scaled(
  "kaiming-uniform",
  "uniform, variance 2 / inputs, for ReLU",
  (shape) => 2 / fanIn(shape),
  "uniform",
);

/** Normal with variance 2 / (inputs + outputs) (Glorot, Bengio, AISTATS 2010). */
export const glorotNormal: Initialiser = scaled(
  "glorot-normal",
  "normal, variance 2 / (inputs + outputs)",
  (shape) => 2 / fans(shape),
);

/** Uniform with variance 2 / (inputs + outputs) (Glorot, Bengio, AISTATS 2010). */
export const glorotUniform: Initialiser = scaled(
  "glorot-uniform",
  "uniform, variance 2 / (inputs + outputs)",
  (shape) => 2 / fans(shape),
  "uniform",
);
