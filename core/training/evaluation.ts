/**
 * Measuring a network on data.
 *
 * @module
 */

import type { Tensor } from "../backend/mod.ts";
import { batches, type Normalisation, type Split } from "../data/mod.ts";
import { type Layer, Pass, type Points } from "./network.ts";
import { type TrainingMethod, weightFormats } from "./parameter.ts";
import type { WeightStates } from "./step.ts";

/** How well a network classifies. */
export interface Measurement {
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Share of examples classified correctly. */
  readonly accuracy: number;
  /** Examples by true class (row) and predicted class (column). */
  readonly confusion: readonly (readonly number[])[];
}

/** What to measure on. */
export interface MeasureOptions {
  /** Number of classes. */
  readonly classes: number;
  /** Examples per forward pass; default 1,000, or 128 of more than 1,024 values each. */
  readonly batch?: number;
  /** Normalisation of the pixels; default none. */
  readonly normalisation?: Normalisation;
}

/**
 * Classifies a split; leaves no tensor behind.
 *
 * @param split Images and labels; the network sees them as batch×(h w c).
 */
export async function measure(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  split: Split,
  options: MeasureOptions,
): Promise<Measurement> {
  const { classes, batch = batchFor(split), normalisation } = options;
  const { engine } = method;
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const order = Uint32Array.from({ length: split.count }, (_, i) => i);
  const points = currentPoints(network, states);
  let loss = 0;
  for (const b of batches(split, order, batch, normalisation ? { normalisation } : {})) {
    await engine.scope(async () => {
      const x = engine.tensor(b.images, [b.count, b.images.length / b.count]);
      const logits = network.forward(new Pass(engine, network, points, false), x);
      const labels = engine.tensor(b.labels, [b.count]);
      const mean = await engine.read(engine.softmaxCrossEntropy(logits, labels));
      loss += mean[0]! * b.count;
      count(confusion, await predictions(method, logits), b.labels);
    });
  }
  const correct = confusion.reduce((sum, row, i) => sum + row[i]!, 0);
  return { loss: loss / split.count, accuracy: correct / split.count, confusion };
}

/** Larger images go through deeper networks, whose hidden images must all fit into memory. */
function batchFor({ images, count }: Split): number {
  return images.length > 1024 * count ? 128 : 1000;
}

/** Where the weights stand between steps. */
export function currentPoints(network: Layer, states: WeightStates): Points {
  return new Map(
    network.weights.map((w) => [w.name, weightFormats.get(w.format).point(states[w.name]!)]),
  );
}

/** Index of the largest logit of each row. */
async function predictions({ engine }: TrainingMethod, logits: Tensor): Promise<Int32Array> {
  const [rows, cols] = logits.shape as [number, number];
  const values = await engine.read(logits);
  return Int32Array.from({ length: rows }, (_, i) => {
    let best = 0;
    for (let j = 1; j < cols; j++) if (values[i * cols + j]! > values[i * cols + best]!) best = j;
    return best;
  });
}

function count(confusion: number[][], predicted: Int32Array, labels: Int32Array): void {
  predicted.forEach((p, i) => confusion[labels[i]!]![p]!++);
}
