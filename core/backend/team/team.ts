/**
 * Threads that share the pieces of a job with the main thread.
 *
 * @module
 */

import { Worker } from "node:worker_threads";
import {
  makeTeamBuffer,
  PIECES,
  takePieces,
  type TeamMemory,
  teamMemory,
  WORD,
} from "./protocol.ts";

/** Job numbers start again here; helpers compare for equality only. */
const JOBS = 2 ** 22;

/** Main thread and helpers. */
export class Team {
  #memory: TeamMemory;
  #buffer: SharedArrayBuffer;
  readonly #module: URL;
  readonly #setting: (place: number) => unknown;
  /** Helpers that were started: none before the first job. */
  #helpers = 0;
  readonly #workers: Worker[] = [];
  #job = 0;
  #threads = 1;

  /**
   * Makes a team of one.
   *
   * @param module What helpers run; its `workerData` is `{ buffer, place, setting }`.
   * @param setting What the helper of a number, counted from 1, needs to know besides.
   */
  constructor(module: URL, setting: (place: number) => unknown) {
    this.#module = module;
    this.#setting = setting;
    this.#buffer = makeTeamBuffer();
    this.#memory = teamMemory(this.#buffer);
  }

  /** Threads that take part, this one included. */
  get threads(): number {
    return this.#threads;
  }

  /**
   * Sets the threads; helpers start with the next job and join when they are ready.
   *
   * @throws {RangeError} When it is not a whole number of at least 1.
   */
  set threads(count: number) {
    if (!Number.isInteger(count) || count < 1 || count >= PIECES) {
      throw new RangeError(
        `Cannot use ${count} threads: expected a whole number from 1 to ${PIECES - 1}`,
      );
    }
    this.#threads = count;
  }

  /** Where the pieces of the next job are described. */
  get numbers(): Float64Array {
    return this.#memory.numbers;
  }

  /**
   * Runs a job whose pieces are described in {@linkcode Team.numbers} and returns when all are done.
   *
   * @param pieces Their number, below {@linkcode PIECES}.
   * @param compute Computes the piece whose numbers start at an index, on this thread.
   * @throws {Error} When a piece could not be computed.
   */
  run(pieces: number, compute: (start: number) => void): void {
    const { words } = this.#memory;
    while (this.#helpers < this.#threads - 1) this.#start(++this.#helpers);
    this.#job = (this.#job + 1) % JOBS;
    Atomics.store(words, WORD.done, 0);
    Atomics.store(words, WORD.pieces, pieces);
    Atomics.store(words, WORD.state, this.#job * PIECES);
    if (Atomics.load(words, WORD.sleeping) > 0) Atomics.notify(words, WORD.state);
    takePieces(this.#memory, this.#job, compute);
    while (Atomics.load(words, WORD.done) < pieces);
    const failed = Atomics.exchange(words, WORD.failed, 0);
    if (failed > 0) throw new Error(`Cannot compute ${failed} of ${pieces} pieces of a job`);
  }

  /** Ends the helpers; this thread is left alone until {@linkcode Team.threads} is set again. */
  close(): void {
    for (const worker of this.#workers.splice(0)) void worker.terminate();
    // A helper takes a moment to end, and must not end with a piece of a later job in its hands.
    this.#buffer = makeTeamBuffer();
    this.#memory = teamMemory(this.#buffer);
    this.#helpers = 0;
    this.#threads = 1;
  }

  #start(place: number): void {
    try {
      const workerData = { buffer: this.#buffer, place, setting: this.#setting(place) };
      const worker = new Worker(this.#module, { workerData });
      worker.on("error", () => {});
      worker.unref();
      this.#workers.push(worker);
    } catch {
      // A helper that cannot start leaves its work to the others.
    }
  }
}
