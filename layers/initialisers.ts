/**
 * Random starts of weights.
 *
 * @module
 */

import { checkNumber, type Initialiser, type Random, Registry, sizeOf } from "../core/mod.ts";

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

/**
 * Normal entries of a given standard deviation, whatever the shape; no registry has it.
 *
 * @example GPT-2's start of all matrices
 * ```ts
 * import { normalOf } from "@rankflow/rankflow/layers";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(normalOf(0.5).variance([8, 4]), 0.25);
 * ```
 */
export function normalOf(deviation: number): Initialiser {
  checkNumber("make an initialiser", "deviation", deviation, { least: 0 });
  return {
    name: "normal",
    description: `normal, standard deviation ${deviation}`,
    variance: () => deviation ** 2,
    draw: (random, shape) => random.fillNormal(new Float32Array(sizeOf(shape)), 0, deviation),
  };
}

/** Orthonormal columns in random directions; of a wide matrix orthonormal rows. */
export const orthonormal: Initialiser = initialisers.add({
  name: "orthonormal",
  description: "orthonormal columns in random directions, rows where there are fewer",
  variance: (shape) => 1 / Math.max(fanIn(shape), shape.at(-1)!),
  draw(random, shape) {
    const [rows, columns] = [fanIn(shape), shape.at(-1)!];
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const directions = orthonormalDirections(random, count, length);
    if (rows < columns) return Float32Array.from(directions.flatMap((v) => [...v]));
    return Float32Array.from(
      { length: rows * columns },
      (_, i) => directions[i % columns]![Math.floor(i / columns)]!,
    );
  },
});

/** Gram and Schmidt's, each direction twice: orthonormal to round-off. */
function orthonormalDirections(random: Random, count: number, length: number): Float64Array[] {
  const found: Float64Array[] = [];
  for (let k = 0; k < count; k++) {
    const v = Float64Array.from(random.fillNormal(new Float32Array(length)));
    for (const u of [...found, ...found]) {
      const along = v.reduce((sum, x, i) => sum + x * u[i]!, 0);
      for (let i = 0; i < length; i++) v[i]! -= along * u[i]!;
    }
    const norm = Math.hypot(...v);
    found.push(v.map((x) => x / norm));
  }
  return found;
}
