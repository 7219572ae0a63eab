/**
 * Threads that share the pieces of a job with the main thread.
 *
 * @module
 */

import { Worker } from "node:worker_threads";
import type { MemberStart } from "./member.ts";
import { checkPiece, type Jobs, PIECE_NUMBERS, PIECES, readPiece, writePiece } from "./pieces.ts";
import { takePieces, type TeamMemory, teamMemory, WORD } from "./protocol.ts";

/** Job numbers start again here; members compare for equality only. */
const JOBS = 2 ** 22;

/** Looks at what is done before the main thread naps between them: some milliseconds. */
const LOOKS = 500_000;
/** Milliseconds of a nap. */
const NAP = 1;
/** Naps, in seconds, in which a thread must have done its piece. */
const PATIENCE = 120;

/** What a team is made of. */
export interface TeamOptions<M> {
  /** What it can be asked to do; members must have the same table. */
  readonly jobs: Jobs<M>;
  /** What the main thread works with. */
  readonly member: M;
  /** How other threads become members; without it the main thread stays alone. */
  readonly others?: OtherMembers | undefined;
  /**
   * Seconds to wait for pieces of other members without one of them being done, default 120. Time
   * in which the whole computer slept does not count.
   */
  readonly patience?: number;
}

/** How threads become members of a team. */
export interface OtherMembers {
  /** What they run; it calls `joinTeam()`. */
  readonly module: URL;
  /** What the member of a number, from 1, needs to know; it must be able to go to a thread. */
  readonly setting: (place: number) => unknown;
}

/**
 * The main thread, which is member 0, and as many others as {@linkcode Team.threads} says.
 *
 * @typeParam M What a member works with.
 */
export class Team<M> {
  readonly #options: TeamOptions<M>;
  readonly #names: readonly string[];
  #memory: TeamMemory = teamMemory();
  /** Members that were started besides the main thread: none before the first job. */
  #started = 0;
  readonly #workers: Worker[] = [];
  #job = 0;
  #threads = 1;
  #helped = 0;

  /** Makes a team of one. */
  constructor(options: TeamOptions<M>) {
    this.#options = options;
    this.#names = Object.keys(options.jobs);
  }

  /** Whether other threads can become members. */
  get open(): boolean {
    return this.#options.others !== undefined;
  }

  /** Members, the main thread included. */
  get threads(): number {
    return this.#threads;
  }

  /**
   * Sets the members; threads start with the next job and join when they are ready. A team that is
   * not {@linkcode Team.open} stays at one.
   *
   * @throws {RangeError} When it is not a whole number of at least 1.
   */
  set threads(count: number) {
    if (!Number.isInteger(count) || count < 1 || count >= PIECES) {
      throw new RangeError(
        `Cannot use ${count} threads: expected a whole number from 1 to ${PIECES - 1}`,
      );
    }
    this.#threads = this.open ? count : 1;
  }

  /** Pieces so far that members other than the main thread have done. */
  get helped(): number {
    return this.#helped;
  }

  /**
   * Does a job and returns when all of its pieces are done. Which member does a piece is open, so
   * pieces must not depend on each other.
   *
   * @param job Name in the table of jobs.
   * @param pieces Numbers that its function gets, piece by piece.
   * @throws {Error} When a piece failed, or when a thread that had taken one did not finish it: then
   *   all threads are ended as by {@linkcode Team.close}, as one that is only late must not write into
   *   memory that has another use by then.
   */
  run(job: string, pieces: readonly (readonly number[])[]): void {
    const most = PIECES - 1;
    if (pieces.length < 2 || this.#threads === 1) {
      for (const numbers of pieces) this.#options.jobs[job]!(this.#options.member, numbers);
    } else if (pieces.length > most) {
      this.run(job, pieces.slice(0, most));
      this.run(job, pieces.slice(most));
    } else this.#share(job, pieces);
  }

  #share(job: string, pieces: readonly (readonly number[])[]): void {
    const { numbers } = this.#memory;
    const place = this.#names.indexOf(job);
    pieces.forEach((own, i) => {
      checkPiece(job, own);
      writePiece(numbers, PIECE_NUMBERS * i, place, own);
    });
    const { jobs, member } = this.#options;
    this.#helped += pieces.length;
    this.#begin(pieces.length);
    const errors = takePieces(this.#memory, this.#job, (start) => {
      this.#helped--;
      jobs[job]!(member, readPiece(numbers, start).numbers);
    });
    this.#finish(job, pieces.length, errors);
  }

  /** Lets members take pieces. */
  #begin(pieces: number): void {
    const { words } = this.#memory;
    while (this.#started < this.#threads - 1) this.#start(++this.#started);
    this.#job = (this.#job + 1) % JOBS;
    Atomics.store(words, WORD.done, 0);
    Atomics.store(words, WORD.pieces, pieces);
    Atomics.store(words, WORD.state, this.#job * PIECES);
    if (Atomics.load(words, WORD.sleeping) > 0) Atomics.notify(words, WORD.state);
  }

  #finish(job: string, pieces: number, [cause]: readonly unknown[]): void {
    const { words } = this.#memory;
    this.#await(job, pieces);
    const failed = Atomics.exchange(words, WORD.failed, 0);
    if (failed > 0) {
      throw new Error(`Cannot do ${failed} of ${pieces} pieces of the job "${job}"`, { cause });
    }
  }

  /** Waits for pieces that others have taken. */
  #await(job: string, pieces: number): void {
    const { words } = this.#memory;
    for (let looks = 0; looks < LOOKS; looks++) {
      if (Atomics.load(words, WORD.done) >= pieces) return;
    }
    const patience = this.#options.patience ?? PATIENCE;
    // Naps are counted and not the time: it also passes while the computer sleeps.
    for (let [naps, before] = [0, -1];; naps++) {
      const done = Atomics.load(words, WORD.done);
      if (done >= pieces) return;
      if (done !== before) [naps, before] = [0, done];
      if (naps * NAP >= 1000 * patience) {
        this.close();
        throw new Error(
          `Cannot finish the job "${job}": expected ${pieces} pieces, got ${done} and no other ` +
            `for ${patience} s; a thread must have ended in the middle of one: run again, with one ` +
            `thread if it happens again`,
        );
      }
      Atomics.wait(words, WORD.done, done, NAP);
    }
  }

  /** Ends the other members; the main thread is alone until {@linkcode Team.threads} is set again. */
  close(): void {
    for (const worker of this.#workers.splice(0)) void worker.terminate();
    // A thread takes a moment to end, and must not end with a piece of a later job in its hands.
    this.#memory = teamMemory();
    this.#started = 0;
    this.#threads = 1;
  }

  #start(place: number): void {
    const { module, setting } = this.#options.others!;
    try {
      const { buffer } = this.#memory;
      const workerData: MemberStart<unknown> = { buffer, place, setting: setting(place) };
      const worker = new Worker(module, { workerData });
      worker.on("error", () => {});
      worker.unref();
      this.#workers.push(worker);
    } catch {
      // A member that cannot start leaves its pieces to the others.
    }
  }
}
