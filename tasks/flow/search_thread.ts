/**
 * Searches in threads of their own.
 *
 * @module
 */

import { Worker } from "node:worker_threads";
import { search } from "./search.ts";
import type { DesignStep, SearchProgress, SearchResult, SearchSettings } from "./search_records.ts";

/** What a thread is asked. */
export interface SearchOrder {
  /** What to search. */
  readonly settings: SearchSettings;
  /** Most threads that share its simulations. */
  readonly threads: number;
}

/** What a thread tells. */
export type SearchMessage =
  | { readonly type: "design"; readonly design: DesignStep }
  | { readonly type: "end"; readonly result: SearchResult }
  | { readonly type: "error"; readonly text: string }
  | { readonly type: "unknown" };

/** Hears every design. */
export type DesignListener = (settings: SearchSettings, design: DesignStep) => void;

/** Makes a search, or knows its result. */
export type ResultKeeper = (
  settings: SearchSettings,
  search: () => Promise<SearchResult>,
) => Promise<SearchResult>;

/**
 * Searches with each of the settings, as many at a time as there are threads: one after the other
 * in this thread where that is one. Threads that have no search of their own help the others.
 *
 * @param signal Ends the threads when it aborts; what is there by then is returned.
 * @param progress Called often while searches run; may throw to end them.
 * @param keep May take a result from elsewhere, or keep it; default: every search is made.
 * @returns Results in the order of the settings.
 */
export async function searchAll(
  all: readonly SearchSettings[],
  threads: number,
  listener: DesignListener,
  progress: SearchProgress,
  keep: ResultKeeper = (_, search) => search(),
): Promise<SearchResult[]> {
  const results = new Array<SearchResult>(all.length);
  const workers = new Set<Worker>();
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < all.length) {
      const k = next++;
      const order = { settings: all[k]!, threads: threadsOf(k, all.length, threads) };
      results[k] = await keep(order.settings, async () => {
        const found = threads > 1 ? await inThread(order, listener, workers) : undefined;
        return found ?? await here(order, listener, progress);
      });
    }
  };
  let done = false;
  const watch = async (): Promise<void> => {
    while (!done) {
      await progress(`${all.length} searches`);
      await new Promise((resolve) => setTimeout(resolve, WATCH));
    }
  };
  try {
    const runs = Promise.all(Array.from({ length: Math.min(threads, all.length) }, run));
    await Promise.race([runs, watch()]);
    await runs;
    return results;
  } finally {
    done = true;
    for (const worker of workers) void worker.terminate();
  }
}

/** Threads of search k of `count`: as many as there are for each of those that run beside it. */
export function threadsOf(k: number, count: number, threads: number): number {
  const atATime = Math.min(threads, count);
  const last = count % atATime || atATime;
  return Math.floor(threads / (k < count - last ? atATime : last));
}

/** Milliseconds between two looks at whether to stop. */
const WATCH = 100;

/**
 * Searches in a new thread.
 *
 * @param workers Where the thread is found as long as it runs.
 * @param module What it runs.
 * @returns What it found; undefined when it does not know the plugins.
 * @throws {Error} When the search failed, or the thread ended before it.
 */
export function inThread(
  order: SearchOrder,
  listener: DesignListener,
  workers: Set<Worker>,
  module: URL = new URL("./shape_worker.ts", import.meta.url),
): Promise<SearchResult | undefined> {
  const worker = new Worker(module, { workerData: order });
  workers.add(worker);
  const end = (): void => void worker.terminate();
  return new Promise((resolve, reject) => {
    worker.on("message", (message: SearchMessage) => {
      if (message.type === "design") return listener(order.settings, message.design);
      if (message.type === "error") reject(new Error(message.text));
      else resolve(message.type === "end" ? message.result : undefined);
      end();
    });
    worker.on("error", (error) => {
      reject(error);
      end();
    });
    // After an answer this changes nothing.
    worker.on("exit", () => {
      workers.delete(worker);
      const { window } = order.settings;
      reject(new Error(`Cannot search under the window "${window}": its thread has ended early`));
    });
  });
}

/** Searches in this thread. */
export async function here(
  { settings, threads }: SearchOrder,
  listener: DesignListener,
  progress: SearchProgress,
): Promise<SearchResult> {
  const designs = search(settings, progress, threads);
  for (;;) {
    const next = await designs.next();
    if (next.done) return next.value;
    listener(settings, next.value);
  }
}
