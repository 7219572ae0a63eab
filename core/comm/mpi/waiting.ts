/**
 * Waiting for what MPI does beside this thread, with a limit.
 *
 * Calls of MPI that block would hold the thread until the others come, if they ever do: no limit
 * would be seen, no signal heard. So every operation is started and asked after. That costs next to
 * nothing, because MPI itself asks the network in a loop.
 *
 * @module
 */

import { CommError } from "../types.ts";
import type { MpiFunctions } from "./symbols.ts";

/** Questions before the core is offered to others: some 0.1 ms where all members have one. */
const ASKED_AT_ONCE = 500;
/** The same where members have to share cores, and who asks keeps another from answering. */
const ASKED_IN_TURNS = 16;
/** Milliseconds of asking before the core is left to others for some time. */
const BUSY = 20;
/** Milliseconds of such a rest: short, because large arrays move only while somebody asks. */
const REST = 0.05;
/** Milliseconds between two looks at signals and timers. */
const PAUSE_EVERY = 50;
/** Seconds by which each member waits longer than the one before: one of them speaks first. */
const STAGGER = 0.25;

/** An operation under way; holds on to the arrays that it moves. */
export interface Request {
  /** MPI's handle. */
  readonly handle: BigUint64Array;
  /** What it moves. */
  readonly arrays: readonly unknown[];
}

/** Waits for operations. */
export class Waiter {
  readonly #functions: MpiFunctions;
  readonly #yield: () => void = yielder();
  /** Seconds that an operation may take. */
  limit: number;
  readonly #rank: number;
  readonly #asks: number;
  readonly #flag: Int32Array = new Int32Array(1);
  readonly #resting: Int32Array = new Int32Array(new SharedArrayBuffer(4));

  /**
   * For one process.
   *
   * @param limit Seconds that an operation may take.
   * @param rank Number of the process in the job.
   * @param neighbours Processes on this machine.
   */
  constructor(functions: MpiFunctions, limit: number, rank: number, neighbours: number) {
    this.#functions = functions;
    this.limit = limit;
    this.#rank = rank;
    this.#asks = neighbours > navigator.hardwareConcurrency ? ASKED_IN_TURNS : ASKED_AT_ONCE;
  }

  /**
   * Waits until an operation is done.
   *
   * @param check Refuses return codes of MPI.
   * @param status Filled with MPI's status.
   */
  async done(
    { handle }: Request,
    kind: string,
    check: (code: number) => void,
    status: Uint8Array,
  ): Promise<void> {
    const begun = performance.now();
    let paused = begun;
    while (!this.asked(handle, check, status)) {
      const now = performance.now();
      if (now - begun > 1000 * (this.limit + STAGGER * this.#rank)) {
        throw new CommError(
          `Cannot ${kind}: the other processes did not come within ${this.limit} s`,
        );
      }
      if (now - paused > PAUSE_EVERY) {
        await new Promise((go) => setTimeout(go, 0));
        paused = performance.now();
      } else if (now - begun > BUSY) Atomics.wait(this.#resting, 0, 0, REST);
      else this.#yield();
    }
  }

  /** Whether an operation is done, asked for a short while. */
  asked(
    handle: BigUint64Array,
    check: (code: number) => void,
    status: Uint8Array,
  ): boolean {
    const { MPI_Test } = this.#functions;
    for (let i = 0; i < this.#asks; i++) {
      check(MPI_Test(handle, this.#flag, status));
      if (this.#flag[0] !== 0) return true;
    }
    return false;
  }
}

/** Leaves the core to another process that wants it: jobs may have more members than cores. */
function yielder(): () => void {
  if (Deno.build.os === "windows") return () => {};
  const name = Deno.build.os === "darwin" ? "libSystem.dylib" : "libc.so.6";
  const symbols = { sched_yield: { parameters: [], result: "i32" } } as const;
  try {
    return Deno.dlopen(name, symbols).symbols.sched_yield;
  } catch {
    return () => {};
  }
}
