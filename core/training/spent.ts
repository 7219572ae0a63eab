/**
 * What the time of a run goes to.
 *
 * @module
 */

/** Seconds by what they went to. */
export interface Spent {
  /** Forward and backward passes. */
  readonly pass: number;
  /** What integrators and optimizer rules do with what passes found. */
  readonly update: number;
  /** Making and uploading batches. */
  readonly data: number;
  /** Measuring the network, its ranks and singular values. */
  readonly measuring: number;
}

/** Adds up the time of a run. */
export class Stopwatch {
  readonly #seconds: Record<keyof Spent, number> = { pass: 0, update: 0, data: 0, measuring: 0 };

  /** All that was added. */
  get spent(): Spent {
    return { ...this.#seconds };
  }

  /** Adds seconds. */
  add(part: keyof Spent, seconds: number): void {
    this.#seconds[part] += seconds;
  }

  /** Adds the time that something takes. */
  async during<T>(part: keyof Spent, work: () => Promise<T>): Promise<T> {
    const before = performance.now();
    try {
      return await work();
    } finally {
      this.add(part, (performance.now() - before) / 1000);
    }
  }

  /** Adds the time that somebody waits for what comes one after the other. */
  async *waiting<T>(
    part: keyof Spent,
    items: AsyncIterable<T> | Iterable<T>,
  ): AsyncGenerator<T> {
    const iterator = Symbol.asyncIterator in items
      ? items[Symbol.asyncIterator]()
      : items[Symbol.iterator]();
    try {
      for (;;) {
        const next = await this.during(part, async () => await iterator.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}
