/**
 * A search in a thread of its own: starts with its settings, tells designs and the result.
 *
 * @module
 */

import { parentPort, workerData } from "node:worker_threads";
import { windows } from "../../core/mod.ts";
import { knows } from "../chosen.ts";
import "./bodies.ts";
import { bodies } from "./body.ts";
import { search } from "./search.ts";
import type { SearchMessage, SearchOrder } from "./search_thread.ts";

const { settings, threads } = workerData as SearchOrder;

function tell(message: SearchMessage): void {
  parentPort!.postMessage(message);
}

/** Plugins of the user are known to the first thread only. */
const known = knows(windows, settings.window) && knows(bodies, settings.body);

try {
  if (!known) tell({ type: "unknown" });
  else {
    const designs = search(settings, () => Promise.resolve(), threads);
    let next = await designs.next();
    for (; !next.done; next = await designs.next()) tell({ type: "design", design: next.value });
    tell({ type: "end", result: next.value });
  }
} catch (error) {
  tell({ type: "error", text: error instanceof Error ? error.message : `${error}` });
}
