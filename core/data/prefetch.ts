/**
 * Batches made ahead of time on another thread.
 *
 * The arrays of a few batches circulate between the threads: one with training, the others under way or
 * waiting. That bounds the memory, and the thread rests while training is behind.
 *
 * @module
 */

import { Worker } from "node:worker_threads";
import { augmentations } from "./augmentation.ts";
import { BatchMaker, type BatchPlan, madePlaces } from "./batch_maker.ts";
import { type BatchSource, directBatches } from "./batch_source.ts";
import { type BatchArrays, type Column, type HostBatch, hostBatch } from "./examples.ts";
import { buffersOf, type Delivery, type Opening, type Order } from "./prefetch_protocol.ts";

/** Batches whose arrays circulate. */
const BATCHES = 3;

/** Options of {@linkcode prefetchedBatches}. */
export interface PrefetchOptions {
  /** Hears once why batches are made on the training thread after all. */
  readonly onFallback?: (reason: string) => void;
}

/**
 * Makes batches ahead of time, the same ones as {@linkcode directBatches}. Where there can be no
 * second thread, or it fails, the batches are made on this one.
 *
 * @throws {RangeError} When the plan has no sense.
 */
export function prefetchedBatches(plan: BatchPlan, options: PrefetchOptions = {}): BatchSource {
  const thread = startThread(plan);
  if (typeof thread === "string") {
    options.onFallback?.(thread);
    return directBatches(plan);
  }
  return new Prefetcher(plan, thread, options);
}

class Prefetcher implements BatchSource {
  readonly #plan: BatchPlan;
  readonly #maker: BatchMaker;
  readonly #options: PrefetchOptions;
  #thread: Worker | undefined;
  #fallback: BatchSource | undefined;
  #ticket = 0;
  /** Who waits for an order, by its ticket. */
  readonly #waiting: Map<number, (delivery: Delivery) => void> = new Map();

  constructor(plan: BatchPlan, thread: Worker, options: PrefetchOptions) {
    this.#plan = plan;
    const { augmentation: _, ...plain } = plan;
    this.#maker = new BatchMaker(plain);
    this.#options = options;
    this.#thread = thread;
    thread.on("message", (delivery: Delivery) => this.#receive(delivery));
    thread.on("error", (error) => this.#receive({ failure: error.message }));
    // A thread that was killed says nothing else.
    thread.on("exit", () => this.#ended("it has ended"));
  }

  async *epoch(epoch: number, first: number): AsyncGenerator<HostBatch> {
    const end = this.#maker.perEpoch;
    const ahead: Promise<Delivery>[] = [];
    for (let i = first; i < Math.min(end, first + BATCHES); i++) ahead.push(this.#order(epoch, i));
    for (let index = first; index < end; index++) {
      const delivery = await ahead.shift()!;
      if ("failure" in delivery) {
        yield* this.#fallBack(delivery.failure).epoch(epoch, index);
        return;
      }
      yield hostBatch(this.#plan.examples, index, madePlaces(this.#plan).count, delivery.arrays);
      if (index + BATCHES < end) ahead.push(this.#order(epoch, index + BATCHES, delivery.arrays));
    }
  }

  close(): void {
    void this.#thread?.terminate();
    this.#ended("it was closed");
  }

  #ended(why: string): void {
    this.#thread = undefined;
    this.#receive({ failure: why });
  }

  /** Has a batch made; in arrays that are free again, else in new ones. */
  #order(
    epoch: number,
    index: number,
    arrays: BatchArrays = this.#maker.arrays(),
  ): Promise<Delivery> {
    if (!this.#thread) return Promise.resolve({ failure: "it has ended" });
    const { promise, resolve } = Promise.withResolvers<Delivery>();
    const order: Order = { ticket: this.#ticket++, epoch, index, arrays };
    this.#waiting.set(order.ticket, resolve);
    this.#thread.postMessage(order, buffersOf(arrays));
    return promise;
  }

  /** Passes a delivery on; a failure goes to all who wait. */
  #receive(delivery: Delivery): void {
    const tickets = "failure" in delivery ? [...this.#waiting.keys()] : [delivery.ticket];
    for (const ticket of tickets) {
      this.#waiting.get(ticket)?.(delivery);
      this.#waiting.delete(ticket);
    }
  }

  #fallBack(reason: string): BatchSource {
    if (!this.#fallback) {
      void this.#thread?.terminate();
      this.#thread = undefined;
      this.#fallback = directBatches(this.#plan);
      this.#options.onFallback?.(reason);
    }
    return this.#fallback;
  }
}

/** A thread that knows the plan, or why there can be none. */
function startThread(plan: BatchPlan): Worker | string {
  const plugins = (plan.augmentation?.steps ?? []).map(({ name }) => augmentations.get(name));
  const bound = plugins.find((plugin) => plugin.module === undefined);
  if (bound) return `the augmentation "${bound.name}" names no module that another could load`;
  try {
    const worker = new Worker(new URL("./prefetch_worker.ts", import.meta.url));
    const modules = [...new Set(plugins.map((plugin) => plugin.module!))];
    const opening: Opening = { plan: { ...plan, examples: shared(plan.examples) }, modules };
    worker.postMessage(opening);
    return worker;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The examples in memory that both threads see. */
function shared(examples: BatchPlan["examples"]): BatchPlan["examples"] {
  const columns = Object.entries(examples.columns).map(([name, column]) => [name, seen(column)]);
  return { ...examples, columns: Object.fromEntries(columns) };
}

function seen(column: Column): Column {
  const { data } = column;
  const memory = new SharedArrayBuffer(data.byteLength);
  const copy = data instanceof Uint8Array
    ? new Uint8Array(memory)
    : data instanceof Float32Array
    ? new Float32Array(memory)
    : new Int32Array(memory);
  copy.set(data);
  return { ...column, data: copy };
}
