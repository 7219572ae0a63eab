/**
 * Training state as plain records that files can hold, and back.
 *
 * @module
 */

import type { Engine, Tensor } from "../backend/mod.ts";
import { NonFiniteError } from "../checks.ts";
import {
  aCount,
  aNumber,
  aRecord,
  aText,
  brief,
  byName,
  checked,
  type Checkpoint,
  type Expectation,
  optional,
} from "../io/mod.ts";
import type { Layer } from "./pass.ts";
import { isTensor, tensorsIn } from "./step.ts";
import type { StateTree, WeightState, WeightStates } from "./weight.ts";

/** Everything that a run needs to go on exactly where it was. */
export interface TrainerState {
  /** Steps done; with the seed it fixes the data order and the learning rate. */
  readonly step: number;
  /** Weights and optimizer moments. */
  readonly states: WeightStates;
  /** Sum of the losses since the last measurement. */
  readonly lossSum: number;
  /** Mean loss between the last two measurements; NaN before the first. */
  readonly trainLoss: number;
  /** Loss of the first step, against which divergence is judged. */
  readonly firstLoss: number;
  /** Best value of the task's first measure on the validation examples; NaN before the first. */
  readonly best: number;
  /** Measurements since the best one. */
  readonly sinceBest: number;
  /** Seconds of training so far. */
  readonly seconds: number;
  /** Median seconds of a step at the last measurement; NaN before it. */
  readonly secondsPerStep: number;
  /** Into how many parts each batch is divided; absent: it is not. */
  readonly parts?: number;
}

/** A tensor on the host. */
interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** A tensor that another record holds, which is written once. */
interface FixedTensor {
  readonly fixed: string;
}

/** Version of the record's layout. */
const VERSION = 2;

/** What a record must hold beside its version; weights are compared with those of the network. */
const trainerRecord: Expectation<Omit<TrainerState, "states"> & { readonly states: unknown }> =
  aRecord<Omit<TrainerState, "states"> & { readonly states: unknown }>({
    step: aCount,
    states: byName(aRecord<{ readonly format: string }>({ format: aText })),
    lossSum: aNumber,
    trainLoss: aNumber,
    firstLoss: aNumber,
    best: aNumber,
    sinceBest: aCount,
    seconds: aNumber,
    secondsPerStep: aNumber,
    parts: optional(aCount),
  });

/**
 * Turns the states of one run into records. Tensors that have stood still since the run began, such
 * as those of frozen weights, go into a record of their own once; later ones refer to it.
 */
export class StateStore {
  readonly #engine: Engine;
  /** Tensors that may turn out to stand still. */
  #initial: ReadonlySet<Tensor>;
  #fixed: ReadonlyMap<Tensor, string> | undefined;

  /**
   * Begins with a run.
   *
   * @param states Its states at the start.
   * @param fixed What an earlier process has stored apart, as {@linkcode restoreState} found it.
   */
  constructor(engine: Engine, states: WeightStates, fixed?: ReadonlyMap<Tensor, string>) {
    this.#engine = engine;
    this.#initial = new Set(tensorsIn(states));
    this.#fixed = fixed;
  }

  /**
   * Reads every tensor back that may have changed.
   *
   * @param state What to store; its tensors stay alive.
   * @returns The record; the first one with that of what stands still, where there is any.
   * @throws {NonFiniteError} When a weight is NaN or infinite.
   */
  async store(state: TrainerState): Promise<Checkpoint> {
    const first = this.#fixed === undefined && state.step > 0;
    if (first) this.#fixed = this.#standing(state.states);
    const { states, ...numbers } = state;
    const record = { version: VERSION, ...numbers, states: await this.#download(states) };
    if (!first || this.#fixed!.size === 0) return { record };
    const entries = [...this.#fixed!].map(async ([t, key]) => [key, await stored(this.#engine, t)]);
    return { record, fixed: Object.fromEntries(await Promise.all(entries)) };
  }

  #standing(states: WeightStates): ReadonlyMap<Tensor, string> {
    const still = tensorsIn(states).filter((t) => this.#initial.has(t));
    this.#initial = new Set();
    return new Map([...new Set(still)].map((t, i) => [t, `tensor${i}`]));
  }

  async #download(tree: unknown): Promise<unknown> {
    if (typeof tree !== "object" || tree === null) return tree;
    if (isTensor(tree)) {
      const key = this.#fixed?.get(tree);
      return key === undefined ? await stored(this.#engine, tree) : { fixed: key };
    }
    const out: Record<string, unknown> = {};
    for (const [key, child] of Object.entries(tree)) out[key] = await this.#download(child);
    return out;
  }
}

async function stored(engine: Engine, t: Tensor): Promise<StoredTensor> {
  const data = await engine.read(t);
  if (data.every(Number.isFinite)) return { shape: [...t.shape], data };
  throw new NonFiniteError(
    "Cannot store the weights: expected finite numbers, got NaN or infinity",
  );
}

/** States as files had them. */
export interface Restored {
  /** The state, its tensors new ones. */
  readonly state: TrainerState;
  /** Those of its tensors that a record of their own holds. */
  readonly fixed: ReadonlyMap<Tensor, string>;
}

/**
 * Uploads what a {@linkcode StateStore} stored: the state alone.
 *
 * @throws {Error} As of {@linkcode restoreRun}.
 */
export function restoreState(...args: Parameters<typeof restoreRun>): TrainerState {
  return restoreRun(...args).state;
}

/**
 * Uploads what a {@linkcode StateStore} stored, to be stored again.
 *
 * @param network Says which weights there must be.
 * @param record The state of the run.
 * @param fixed What stands still in it, where there is something.
 * @throws {Error} When the record is damaged, of another layout or of another network.
 */
export function restoreRun(
  engine: Engine,
  network: Layer,
  record: Checkpoint["record"],
  fixed?: Checkpoint["fixed"],
): Restored {
  if (record.version !== VERSION) {
    throw new Error(
      `Cannot resume: expected a checkpoint of layout ${VERSION}, got ${brief(record.version)}`,
    );
  }
  checked(trainerRecord, record, "the checkpoint");
  const held = record.states as Record<string, { readonly format?: string }>;
  for (const { name, format } of network.weights) {
    const found = held[name]?.format ?? "none";
    if (found !== format) {
      throw new Error(
        `Cannot resume: weight "${name}" must be ${format}, the checkpoint has ${found}`,
      );
    }
  }
  const { states: _, version: _version, ...numbers } = record;
  const once = new Map<string, Tensor>();
  const states = upload(engine, held, fixed, once) as Record<string, WeightState>;
  const state = { ...(numbers as unknown as Omit<TrainerState, "states">), states };
  return { state, fixed: new Map([...once].map(([key, t]) => [t, key])) };
}

/** @param once What several weights refer to, which they have in common. */
function upload(
  engine: Engine,
  tree: unknown,
  fixed: Checkpoint["fixed"],
  once: Map<string, Tensor>,
): StateTree {
  if (typeof tree !== "object" || tree === null) return tree as number | string;
  if (isStored(tree)) return engine.tensor(tree.data, tree.shape);
  if (isFixed(tree)) {
    const found = fixed?.[tree.fixed];
    if (typeof found !== "object" || found === null || !isStored(found)) {
      throw new Error(`Cannot resume: the checkpoint refers to "${tree.fixed}", which is missing`);
    }
    const t = once.get(tree.fixed) ?? engine.tensor(found.data, found.shape);
    once.set(tree.fixed, t);
    return t;
  }
  return Object.fromEntries(
    Object.entries(tree).map(([key, child]) => [key, upload(engine, child, fixed, once)]),
  );
}

function isStored(x: object): x is StoredTensor {
  return "data" in x && "shape" in x && Array.isArray(x.shape) &&
    (x.data instanceof Float32Array || x.data instanceof Int32Array);
}

function isFixed(x: object): x is FixedTensor {
  return "fixed" in x && typeof x.fixed === "string";
}
