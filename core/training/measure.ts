/**
 * Measuring a network on examples.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/mod.ts";
import { NonFiniteError } from "../checks.ts";
import { batches, entriesOf, type Examples, holdsFloats, type HostBatch } from "../data/mod.ts";
import type { TrainingMethod } from "./method.ts";
import { currentPoints, type Layer, Pass } from "./pass.ts";
import type { Batch, Measurement, Task } from "./task.ts";
import type { WeightStates } from "./weight.ts";

/** What to measure on. */
export interface MeasureOptions {
  /** Which examples; default: the task's test examples. */
  readonly on?: Examples;
  /**
   * Examples per forward pass; default 1,000, or 128 of more than 1,024 numbers each, or as many
   * sequences as have 8,192 tokens together.
   */
  readonly batch?: number;
}

/**
 * Measures a network; leaves no tensor behind.
 *
 * @throws {NonFiniteError} When the network answers NaN or infinity: that has no measure.
 */
export async function measure(
  method: TrainingMethod,
  network: Layer,
  states: WeightStates,
  task: Task,
  options: MeasureOptions = {},
): Promise<Measurement> {
  const { on = task.test } = options;
  const { batch = batchFor(on) } = options;
  const { engine } = method;
  const order = Uint32Array.from({ length: on.count }, (_, i) => i);
  const points = currentPoints(network, states);
  const meter = task.meter();
  for (const host of batches(on, order, batch)) {
    await engine.scope(() =>
      meter.add(new Pass(engine, network, points, { training: false }), uploaded(engine, host))
    );
  }
  const found = meter.result();
  for (const [name, value] of Object.entries({ loss: found.loss, ...found.values })) {
    if (!Number.isFinite(value)) {
      throw new NonFiniteError(
        `Cannot measure the network: expected a finite ${name}, got ${value}`,
      );
    }
  }
  return found;
}

/** A batch on the engine; the caller disposes it, or the innermost scope does. */
export function uploaded(engine: Engine, { columns }: HostBatch): Batch {
  const parts = Object.entries(columns).map(([name, { data, shape }]) =>
    [name, engine.tensor(data, shape)] as [string, Tensor]
  );
  return Object.fromEntries(parts);
}

/** Tokens in a forward pass: each is a vector in every layer, and logits over the vocabulary. */
const TOKENS = 8192;

/** Larger examples go through deeper networks, whose hidden layers must all fit into memory. */
function batchFor({ columns }: Examples): number {
  const all = Object.values(columns);
  if (Math.max(...all.map(entriesOf)) > 1024) return 128;
  const tokens = all.filter((column) => !holdsFloats(column)).map(entriesOf);
  return Math.min(1000, Math.floor(TOKENS / Math.max(1, ...tokens)));
}
