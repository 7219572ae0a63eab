/** Batches out of files of other libraries, and how far numbers are from theirs. */

import { assertEquals } from "@std/assert";
import {
  batchEvaluator,
  type Engine,
  type Layer,
  type Model,
  type Tensor,
  type TensorData,
  type TrainingMethod,
  trainStep,
  type WeightStates,
} from "../../core/mod.ts";

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

/** Names of adapters that PEFT wrote, each of which begins with that of its model. */
export const REFERENCE_ADAPTERS: readonly string[] = [
  ...["gpt2-lora", "gpt2-lora-older", "gpt2-lora-patterns", "gpt2-rslora", "gpt2-dora"],
  ...["gpt2-adalora", "gpt2-adalora-budget", "gpt2-modules-to-save"],
  ...["llama-lora", "llama-lora-all-linear", "llama-dora", "llama-dora-older", "llama-embedding"],
  ...["llama-pissa", "llama-pissa-converted", "llama-vera", "llama-loha"],
  ...["llama-lokr", "llama-lokr-both-factor4"],
  ...["vit-lora", "vit-lora-older-names", "vit-patch-conv"],
  ...["bert-lora-bias-all", "bert-lora-bias-lora-only", "deberta-v2-lora", "deberta-v2-adalora"],
];

/** The model that an adapter, or a run, belongs to. */
export function modelOf(name: string): string {
  return /^deberta-v2|^[a-z0-9]+/.exec(name)![0];
}

/** Five steps on the batch of token ids: the losses before each and after the last. */
export async function fiveSteps(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  io: Tensors,
  rate: number,
): Promise<{ readonly losses: readonly number[]; readonly states: WeightStates }> {
  const { engine } = method;
  const x = ids(engine, io.input_ids!);
  const loss = (model: Model) => lossOf(engine, model.forward(x), io);
  const evaluator = batchEvaluator(engine, network, loss, { x });
  let now = states;
  const losses: number[] = [];
  for (let i = 0; i <= 5; i++) {
    const outcome = await trainStep(method, network, now, evaluator, { rate });
    losses.push(outcome.loss);
    // The sixth only tells the loss after five.
    if (i < 5) now = outcome.states;
  }
  return { losses, states: now };
}
