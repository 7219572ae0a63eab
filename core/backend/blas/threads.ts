/**
 * The number of threads of the library.
 *
 * @module
 */

import type { BlasLibrary } from "./library.ts";

/** Switches the library between all its threads and one. */
export class Threads {
  readonly #set: ((threads: number) => void) | undefined;
  #wanted = 1;
  /** Calls under way that want one thread. */
  #alone = 0;

  /** Makes the switch of a library. */
  constructor(library: BlasLibrary) {
    this.#set = library.setThreads;
  }

  /** Threads of large operations. */
  get count(): number {
    return this.#wanted;
  }

  /** Sets the threads of large operations. */
  set count(threads: number) {
    this.#wanted = threads;
    if (this.#alone === 0) this.#set?.(threads);
  }

  /** Runs `f` on one thread: on small matrices more cost more than they bring. */
  alone<T>(f: () => T): T {
    this.#enter();
    try {
      return f();
    } finally {
      this.#leave();
    }
  }

  /** Like {@linkcode Threads.alone} for a call that runs beside this thread. */
  async aloneBeside<T>(f: () => Promise<T>): Promise<T> {
    this.#enter();
    try {
      return await f();
    } finally {
      this.#leave();
    }
  }

  #enter(): void {
    if (this.#alone++ === 0 && this.#wanted > 1) this.#set?.(1);
  }

  #leave(): void {
    if (--this.#alone === 0 && this.#wanted > 1) this.#set?.(this.#wanted);
  }
}
