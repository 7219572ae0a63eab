/** A small model and adapters of each type on it, made by hand. */

import {
  adapterConfig,
  type AdapterFolder,
  type ModelFolder,
  Random,
  type TensorData,
} from "../../core/mod.ts";

/** Random numbers of a shape, a function of the name. */
export function randomTensor(name: string, shape: readonly number[]): TensorData {
  const random = new Random(5).fork(name);
  const size = shape.reduce((n, d) => n * d, 1);
  return { shape, data: Float32Array.from({ length: size }, () => random.normal()) };
}

/** Tensors of those shapes, each a function of its name. */
export function randomTensors(
  shapes: Readonly<Record<string, readonly number[]>>,
): Record<string, TensorData> {
  const entries = Object.entries(shapes).map(([n, shape]) => [n, randomTensor(n, shape)] as const);
  return Object.fromEntries(entries);
}

/** A model with a map, a kernel and a table. */
export const BASE: ModelFolder = {
  config: { model_type: "none" },
  tensors: randomTensors({
    "embed_tokens.weight": [7, 4],
    "conv.weight": [5, 4, 3, 2],
    "block.0.up.weight": [6, 4],
    "block.0.up.bias": [6],
    "block.1.up.weight": [6, 4],
    "head.weight": [2, 6],
  }),
};

/** What stands before the tensors of the map. */
export const UP = "base_model.model.block.0.up";

/** An adapter with those values and tensors of those shapes. */
export function adapterOf(
  values: Readonly<Record<string, unknown>>,
  shapes: Readonly<Record<string, readonly number[]>>,
): AdapterFolder {
  return { config: adapterConfig(values, "an adapter"), tensors: randomTensors(shapes) };
}
