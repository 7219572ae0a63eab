/**
 * Progress of long computations, and the chance to stop them.
 *
 * @module
 */

import { type Progress, progressLine, RateMeter, type TextSink } from "../terminal/mod.ts";

/** Milliseconds between two looks at the clock that are shown. */
const INTERVAL = 100;

/** The person pressed Ctrl-C. */
export class Interrupted extends Error {}

/** Shows progress on terminals, and lets signals through. */
export class Ticker {
  readonly #sink: TextSink;
  readonly #signal: AbortSignal;
  #meter = new RateMeter();
  #last = performance.now();
  #shown = false;

  /** Makes a ticker for a recipe's sink and signal. */
  constructor(sink: TextSink, signal: AbortSignal) {
    this.#sink = sink;
    this.#signal = signal;
  }

  /**
   * Tells how far the work is; cheap when called often.
   *
   * @throws {Interrupted} When the person pressed Ctrl-C.
   */
  async tick(progress: Pick<Progress, "label" | "done" | "total">): Promise<void> {
    // What is known already must not wait for the clock: fast work would be done before.
    if (this.#signal.aborted) throw new Interrupted();
    const now = performance.now();
    if (now - this.#last < INTERVAL) return;
    this.#last = now;
    await new Promise((resolve) => setTimeout(resolve));
    if (this.#signal.aborted) throw new Interrupted();
    if (!this.#sink.isTerminal) return;
    const rate = this.#meter.update(progress.done, now);
    const width = Math.min(80, this.#sink.columns()) - 1;
    this.#sink.write(`\r\x1b[2K${progressLine({ ...progress, rate }, width)}`);
    this.#shown = true;
  }

  /** Writes a line in the place of the progress. */
  line(text: string): void {
    this.#sink.write(`${this.#shown ? "\r\x1b[2K" : ""}${text}\n`);
    this.#shown = false;
    this.#meter = new RateMeter();
  }
}
