/**
 * A search in a thread of its own: gets its settings as one message, tells designs and the result.
 *
 * @module
 */

import { windows } from "../../core/mod.ts";
import "./bodies.ts";
import { bodies } from "./body.ts";
import { search } from "./search.ts";
import type { SearchMessage, SearchOrder } from "./search_thread.ts";

/** The part of a worker's global scope that is used here. */
interface Scope {
  onmessage: ((event: MessageEvent<SearchOrder>) => void) | null;
  postMessage(message: SearchMessage): void;
}

const scope = self as unknown as Scope;

scope.onmessage = async ({ data: { settings, threads } }) => {
  // Plugins of the user are known to the first thread only.
  if (!windows.has(settings.window) || !bodies.has(settings.body)) {
    return scope.postMessage({ type: "unknown" });
  }
  try {
    const designs = search(settings, () => Promise.resolve(), threads);
    for (;;) {
      const next = await designs.next();
      if (next.done) return scope.postMessage({ type: "end", result: next.value });
      scope.postMessage({ type: "design", design: next.value });
    }
  } catch (error) {
    scope.postMessage({ type: "error", text: error instanceof Error ? error.message : `${error}` });
  }
};
