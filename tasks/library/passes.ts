/**
 * Passes through a network as it is outside of training.
 *
 * @module
 */

import {
  batches,
  currentPoints,
  type Engine,
  type Examples,
  examplesOf,
  initialStates,
  type Layer,
  networkAt,
  NonFiniteError,
  type TrainingMethod,
  uploaded,
  type WeightStates,
} from "../../core/mod.ts";

/** Examples of one pass. */
const BATCH = 256;

/** What the pending work of all engines waits for. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs work with tensors when all earlier work is done: scopes of one engine library must not be
 * interleaved, but callers may ask for several predictions at once.
 */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const before = last;
  const mine = before.then(work, work);
  last = mine.catch(() => {});
  return await mine;
}

/** Some outputs of a network, row-major. */
export interface Outputs {
  /** The numbers. */
  readonly data: Float32Array;
  /** Extents, the examples first. */
  readonly shape: readonly number[];
}

/**
 * The outputs of a network for the column `x` of examples.
 *
 * @throws {NonFiniteError} When the network answers NaN or infinity.
 */
export async function outputsFor(
  engine: Engine,
  network: Layer,
  states: WeightStates,
  examples: Examples,
): Promise<Outputs> {
  const order = Uint32Array.from({ length: examples.count }, (_, i) => i);
  const at = networkAt(engine, network, currentPoints(network, states));
  let data = new Float32Array();
  let shape: readonly number[] = [];
  for (const host of batches(examples, order, BATCH)) {
    await engine.scope(async () => {
      const model = at.open();
      try {
        const y = model.forward(uploaded(engine, host).x!);
        shape = y.shape.slice(1);
        if (host.index === 0) data = new Float32Array(examples.count * y.size / host.count);
        data.set(await engine.read(y), host.index * BATCH * y.size / host.count);
      } finally {
        model.dispose();
      }
    });
  }
  const odd = data.findIndex((value) => !Number.isFinite(value));
  if (odd < 0) return { data, shape: [examples.count, ...shape] };
  throw new NonFiniteError(`Cannot predict: expected finite outputs, the network has ${data[odd]}`);
}

/**
 * Extents of the outputs of one example, found by a pass at a random start.
 *
 * @throws {Error} When the network does not take such inputs.
 */
export async function outputShape(
  action: string,
  method: TrainingMethod,
  network: Layer,
  examples: Examples,
): Promise<readonly number[]> {
  const { engine } = method;
  const { x } = examples.columns;
  const first = examplesOf({ x: x! }, 1);
  return await engine.scope(async () => {
    const states = await initialStates(method, network, 1);
    try {
      return (await outputsFor(engine, network, states, first)).shape.slice(1);
    } catch (error) {
      const reason = error instanceof Error ? error.message.split("\n")[0] : error;
      throw new RangeError(
        `Cannot ${action}: the network takes no examples of shape [${x!.shape}] (${reason})`,
        { cause: error },
      );
    }
  });
}
