/**
 * Measuring a network on examples.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/mod.ts";
import { NonFiniteError } from "../checks.ts";
import { alone, type Communicator } from "../comm/mod.ts";
import { batches, entriesOf, type Examples, holdsFloats, type HostBatch } from "../data/mod.ts";
import type { TrainingMethod } from "./method.ts";
import { currentPoints, type Layer, Pass } from "./pass.ts";
import type { Batch, Measurement, Meter, Task } from "./task.ts";
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
  /** Who measures, each a part where the task's meter knows how to add; default: this process. */
  readonly comm?: Pick<Communicator, "rank" | "size" | "allReduce">;
}

/**
 * Measures a network; leaves no tensor behind. All members find the same.
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
  const meter = task.meter();
  const comm = meter.sums === undefined ? alone() : options.comm ?? alone();
  const { batch = Math.min(batchFor(on), Math.max(1, Math.ceil(on.count / comm.size))) } = options;
  const { engine } = method;
  const points = currentPoints(network, states);
  const order = Uint32Array.from({ length: on.count }, (_, i) => i);
  await together(comm, meter, async () => {
    let turn = 0;
    for (const host of batches(on, order, batch)) {
      if (turn++ % comm.size !== comm.rank) continue;
      await engine.scope(() =>
        meter.add(new Pass(engine, network, points, { training: false }), uploaded(engine, host))
      );
    }
  });
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

/** Lets each member see its part, and the meter what all have seen, or that one of them cannot. */
async function together(
  comm: Pick<Communicator, "size" | "allReduce">,
  { sums }: Meter,
  see: () => Promise<void>,
): Promise<void> {
  if (comm.size === 1) return await see();
  let failure: NonFiniteError | undefined;
  try {
    await see();
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    failure = error;
  }
  const told = await comm.allReduce(new Float64Array([...sums!, failure ? 1 : 0]));
  if (told.at(-1)! > 0) {
    throw failure ?? new NonFiniteError(
      "Cannot measure the network: expected finite answers, got NaN or infinity in another process",
    );
  }
  sums!.set(told.subarray(0, -1));
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
