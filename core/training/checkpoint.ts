/**
 * Training state as a plain record that a file can hold, and back.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/mod.ts";
import type { Layer } from "./network.ts";
import type { StateTree, WeightState } from "./parameter.ts";
import { isTensor, type WeightStates } from "./step.ts";

/** Everything that a run needs to go on exactly where it was. */
export interface TrainerState {
  /** Steps done; with the seed it fixes the data order and the learning rate. */
  readonly step: number;
  /** Weights and optimizer moments. */
  readonly states: WeightStates;
  /** Sum of the losses since the last epoch ended. */
  readonly lossSum: number;
  /** Mean loss of the last full epoch; NaN before its end. */
  readonly trainLoss: number;
  /** Loss of the first step, against which divergence is judged. */
  readonly firstLoss: number;
  /** Best validation accuracy so far; −1 before the first. */
  readonly bestAccuracy: number;
  /** Epochs since the best one. */
  readonly epochsSinceBest: number;
  /** Seconds of training so far. */
  readonly seconds: number;
  /** Median seconds of a step at the end of the last full epoch; NaN before it. */
  readonly secondsPerStep: number;
}

/** A tensor on the host. */
interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** Version of the record's layout. */
const VERSION = 1;

/**
 * Reads every tensor back and returns a record of plain values and typed arrays.
 *
 * @param state What to store; its tensors stay alive.
 */
export async function storeState(
  engine: Engine,
  state: TrainerState,
): Promise<Record<string, unknown>> {
  const { states, ...numbers } = state;
  return { version: VERSION, ...numbers, states: await download(engine, states) };
}

/**
 * Uploads what {@linkcode storeState} stored.
 *
 * @param network Says which weights there must be.
 * @throws {Error} When the record is of another layout or of another network.
 */
export function restoreState(
  engine: Engine,
  network: Layer,
  record: Record<string, unknown>,
): TrainerState {
  if (record.version !== VERSION) {
    throw new Error(
      `Cannot resume: the checkpoint has layout ${record.version}, expected ${VERSION}`,
    );
  }
  const stored = record.states as Record<string, { readonly format?: string }>;
  for (const { name, format } of network.weights) {
    const found = stored[name]?.format ?? "none";
    if (found !== format) {
      throw new Error(
        `Cannot resume: weight "${name}" must be ${format}, the checkpoint has ${found}`,
      );
    }
  }
  const { states: _, version: _version, ...numbers } = record;
  const states = upload(engine, stored) as Record<string, WeightState>;
  return { ...(numbers as unknown as Omit<TrainerState, "states">), states };
}

async function download(engine: Engine, tree: unknown): Promise<unknown> {
  if (typeof tree !== "object" || tree === null) return tree;
  if (isTensor(tree)) return { shape: [...tree.shape], data: await engine.read(tree) };
  const out: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(tree)) out[key] = await download(engine, child);
  return out;
}

function upload(engine: Engine, tree: unknown): StateTree {
  if (typeof tree !== "object" || tree === null) return tree as number | string;
  if (isStored(tree)) return engine.tensor(tree.data, tree.shape) as Tensor;
  return Object.fromEntries(
    Object.entries(tree).map(([key, child]) => [key, upload(engine, child)]),
  );
}

function isStored(x: object): x is StoredTensor {
  return "data" in x && "shape" in x;
}
