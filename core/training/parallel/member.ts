/**
 * A run as one of several members sees it.
 *
 * @module
 */

import type { Engine, Tensor } from "../../backend/mod.ts";
import { CommError, type Communicator } from "../../comm/mod.ts";
import type { Random } from "../../random.ts";
import { batchEvaluator, type Evaluator, summedEvaluator } from "../evaluator.ts";
import { type Layer, networkAt } from "../pass.ts";
import { tensorsIn } from "../step.ts";
import type { Batch, Task } from "../task.ts";
import { fullSize, type Points, type WeightStates } from "../weight.ts";
import { type Part, partsOf } from "./share.ts";
import { sharedEvaluator } from "./shared_evaluator.ts";

/** Bytes that a process hands over in a step. */
export interface StepTraffic {
  /** Processes. */
  readonly processes: number;
  /** Those of this network. */
  readonly bytes: number;
  /** Those of the same network with whole matrices. */
  readonly denseBytes: number;
}

/** What a pass is taken on. */
export interface Subject extends Pick<Task, "loss" | "prepare"> {
  /** Runs it. */
  readonly engine: Engine;
  /** The network. */
  readonly network: Layer;
}

/** One member of a run: its parts of each batch, and what it agrees upon with the others. */
export class RunMember {
  /** All members. */
  readonly comm: Communicator;
  /** Parts of each batch, of all members together. */
  readonly parts: number;
  readonly #own: readonly Part[];
  readonly #batch: number;
  #stops = false;
  #steps = 0;
  #bytes = 0;
  #denseBytes = 0;

  /**
   * A member.
   *
   * @param batch Examples of a step, of all members together.
   * @param parts Into how many parts they are divided; default: one for each member.
   * @throws {RangeError} When there are fewer parts than members, or fewer examples than parts.
   */
  constructor(comm: Communicator, batch: number, parts = comm.size) {
    this.comm = comm;
    this.parts = Math.max(parts, comm.size);
    this.#batch = batch;
    this.#own = partsOf(comm, batch, this.parts);
  }

  /** The places of each batch that are this member's. */
  get places(): readonly [number, number] {
    return [this.#own[0]!.begin, this.#own.at(-1)!.end];
  }

  /** Whether one of several members was asked to stop. */
  get stops(): boolean {
    return this.#stops;
  }

  /** Mean over the steps so far; undefined where nobody is told anything. */
  get traffic(): StepTraffic | undefined {
    if (this.comm.size === 1 || this.#steps === 0) return undefined;
    return {
      processes: this.comm.size,
      bytes: Math.round(this.#bytes / this.#steps),
      denseBytes: this.#denseBytes,
    };
  }

  /** Answers for this member's examples. */
  async local(
    { engine, network, loss, prepare }: Subject,
    points: Points,
    batch: Batch,
    random: Random,
  ): Promise<Evaluator> {
    const at = networkAt(engine, network, points);
    const answer = async (rows: Batch, own: Random): Promise<Evaluator> => {
      const seen = await prepare?.(at, rows, own.fork("objective")) ?? rows;
      return batchEvaluator(engine, network, loss, seen, own);
    };
    if (this.parts === 1) return await answer(batch, random);
    const [begin, end] = this.places;
    const evaluators = [];
    for (const part of this.#own) {
      const rows = this.#own.length === 1 ? batch : rowsOf(engine, batch, part, begin);
      const evaluator = await answer(rows, random.fork(`part ${part.index}`));
      evaluators.push({ evaluator, share: (part.end - part.begin) / (end - begin) });
    }
    return evaluators.length === 1 ? evaluators[0]!.evaluator : summedEvaluator(engine, evaluators);
  }

  /**
   * Answers for all.
   *
   * @param own For this member's examples.
   * @param signal Asks this member to stop.
   */
  together(
    { engine, network }: Pick<Subject, "engine" | "network">,
    own: Evaluator,
    signal: AbortSignal | undefined,
  ): Evaluator {
    if (this.comm.size === 1) return own;
    const [begin, end] = this.places;
    const answers = sharedEvaluator(engine, this.comm, own, (end - begin) / this.#batch, {
      wishes: () => signal?.aborted ?? false,
      heard: (stops) => this.#stops ||= stops,
    });
    return (points, moving) => {
      const sizes = network.weights.filter(({ name }) => moving.has(name)).map(fullSize);
      this.#denseBytes = FLOAT_BYTES * sizes.reduce((a, b) => a + b, 0) + ANSWER_BYTES;
      return answers(points, moving);
    };
  }

  /** Takes a step and counts what it has to tell. */
  async counted<T>(step: () => Promise<T>): Promise<T> {
    const before = this.comm.traffic.total.bytes;
    const outcome = await step();
    this.#bytes += this.comm.traffic.total.bytes - before;
    this.#steps++;
    return outcome;
  }

  /**
   * Lets every member hear whether the first one failed.
   *
   * @param failed What the first one knows.
   */
  async agreed(failed: boolean): Promise<boolean> {
    return (await this.comm.broadcast(new Int32Array([failed ? 1 : 0])))[0] === 1;
  }

  /**
   * Refuses weights that are not the same bits everywhere: members compute them from the same sums,
   * each for itself.
   *
   * @throws {CommError} Where they differ.
   */
  async requireSame(engine: Engine, states: WeightStates, step: number): Promise<void> {
    if (this.comm.size === 1) return;
    const own = await fingerprint(engine, states);
    const [most] = await this.comm.allReduce(new Int32Array([own]), "max");
    const [least] = await this.comm.allReduce(new Int32Array([own]), "min");
    if (most === least) return;
    throw new CommError(
      `Cannot go on after step ${step}: expected the same weights in all processes, got others ` +
        "in some; let all of them run on the same kind of processor, with the same libraries",
    );
  }
}

const FLOAT_BYTES = 4;
/** Loss and the wish to stop. */
const ANSWER_BYTES = 16;

/** Some examples of a batch that begins at a place. */
function rowsOf(engine: Engine, batch: Batch, { begin, end }: Part, first: number): Batch {
  const rows = (t: Tensor): Tensor => {
    const [, ...others] = t.shape;
    const start = [begin - first, ...others.map(() => 0)];
    return engine.slice(t, start, [end - begin, ...others]);
  };
  return Object.fromEntries(Object.entries(batch).map(([name, t]) => [name, rows(t)]));
}

/** Multiplier and start of the hash FNV-1a with 32 bits. */
const FNV = { prime: 0x01000193, offset: 0x811c9dc5 };

/** A number of 32 bits that other weights would hardly have. */
async function fingerprint(engine: Engine, states: WeightStates): Promise<number> {
  let hash = FNV.offset;
  for (const t of tensorsIn(states)) {
    const data = await engine.read(t);
    for (const word of new Int32Array(data.buffer, data.byteOffset, data.length)) {
      hash = Math.imul(hash ^ word, FNV.prime);
    }
  }
  return hash | 0;
}
