/**
 * Threads that share the rows of a lattice.
 *
 * @module
 */

import { Team } from "../../core/wasm/mod.ts";
import { Pace } from "./pace.ts";
import {
  bindRows,
  type RowFunctions,
  type RowJob,
  rowJobs,
  type RowModule,
} from "./simd_module.ts";

/** Pieces for each thread: a thread that is late leaves some to the others. */
const PIECES = 2;
/** Rows of the smallest piece. */
const LEAST_ROWS = 8;

/** A team on rows, of which threads stay away where they do not help. */
export class RowTeam {
  readonly #functions: RowFunctions;
  readonly #team: Team<RowFunctions>;
  readonly #rows: number;
  readonly #rowBytes: number;
  /** Jobs take different times. */
  readonly #paces: Readonly<Record<RowJob, Pace>>;

  /**
   * Makes a team.
   *
   * @param module Functions and memory, which is a shared one where there are several threads.
   * @param rows Rows of the lattice.
   * @param rowBytes Bytes from one row to the next.
   * @param threads Most threads, this one included.
   * @param clock Milliseconds, by which it is judged whether threads help; see {@linkcode Pace}.
   */
  constructor(
    module: RowModule,
    rows: number,
    rowBytes: number,
    threads: number,
    clock?: () => number,
  ) {
    this.#functions = bindRows(module);
    this.#rows = rows;
    this.#rowBytes = rowBytes;
    this.#paces = { step: new Pace(clock), adjoint: new Pace(clock) };
    const others = {
      module: new URL("./simd_member.ts", import.meta.url),
      setting: () => module,
    };
    this.#team = new Team({ jobs: rowJobs, member: this.#functions, others });
    this.#team.threads = Math.max(1, Math.min(threads, Math.floor(rows / LEAST_ROWS)));
  }

  /** Pieces that other threads have done. */
  get helped(): number {
    return this.#team.helped;
  }

  /**
   * Runs a function on all rows.
   *
   * @param job Which.
   * @param states Addresses of the states it gets.
   */
  run(job: RowJob, states: readonly number[]): void {
    if (this.#team.threads === 1) return this.#alone(job, states);
    this.#paces[job].run((together) => {
      if (together) this.#team.run(job, this.#pieces(states));
      else this.#alone(job, states);
    });
  }

  #alone(job: RowJob, states: readonly number[]): void {
    this.#functions[job](...states, this.#rows);
  }

  /** Cuts do not depend on who computes what, and no number depends on the cuts. */
  #pieces(states: readonly number[]): number[][] {
    const count = Math.min(PIECES * this.#team.threads, Math.floor(this.#rows / LEAST_ROWS));
    const cut = (k: number): number => Math.floor(this.#rows * k / count);
    return Array.from({ length: count }, (_, k) => {
      const moved = states.map((address) => address + cut(k) * this.#rowBytes);
      return [...moved, cut(k + 1) - cut(k)];
    });
  }

  /** Ends the other threads. */
  close(): void {
    this.#team.close();
  }
}
