/** Batches out of files of other libraries, and how far numbers are from theirs. */

import { assertEquals } from "@std/assert";
import type { Engine, Tensor, TensorData } from "../../core/mod.ts";

/** Tensors by name. */
export type Tensors = Readonly<Record<string, TensorData>>;

/** Token ids out of a file. */
export function ids(engine: Engine, { data, shape }: TensorData): Tensor {
  return engine.tensor(Int32Array.from(data as ArrayLike<bigint>, Number), shape);
}

/** Numbers of any type. */
export type Numbers = ArrayLike<number | bigint>;

/** Largest magnitude. */
export function largest(numbers: Numbers): number {
  return Array.from(numbers, Number).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

/** Largest difference of two lists of numbers. */
export function difference(found: Numbers, expected: Numbers): number {
  assertEquals(found.length, expected.length);
  return largest(Array.from(found, (x, i) => Number(x) - Number(expected[i])));
}

/** The same relative to the largest of the second. */
export async function far(engine: Engine, found: Tensor, { data }: TensorData): Promise<number> {
  return difference(await engine.read(found), data) / largest(data);
}

/** Inputs of the network, from a batch. */
export function inputsOf(engine: Engine, io: Tensors): Tensor[] {
  const images = io.pixel_values;
  if (images) {
    const [batch, channels, height, width] = images.shape as [number, number, number, number];
    const planes = engine.tensor(images.data as Float32Array, images.shape);
    const ordered = engine.permute(planes, [0, 2, 3, 1]);
    return [engine.reshape(ordered, [batch, channels * height * width])];
  }
  return ["input_ids", "attention_mask", "token_type_ids"].flatMap((name) =>
    io[name] ? [ids(engine, io[name]!)] : []
  );
}

/** The loss of a batch: of the next token, or of the class. */
export function lossOf(engine: Engine, logits: Tensor, io: Tensors): Tensor {
  const labels = io.labels!;
  if (labels.shape.length === 1) return engine.softmaxCrossEntropy(logits, ids(engine, labels));
  const [batch, tokens, vocabulary] = logits.shape as [number, number, number];
  const next = engine.slice(ids(engine, labels), [0, 1], [batch, tokens - 1]);
  return engine.softmaxCrossEntropy(
    engine.slice(logits, [0, 0, 0], [batch, tokens - 1, vocabulary]),
    next,
  );
}
