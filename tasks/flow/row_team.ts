/**
 * Threads that share the rows of a lattice.
 *
 * @module
 */

import { PIECE_NUMBERS, Team } from "../../core/backend/team/mod.ts";
import {
  bindRows,
  describeRows,
  doRows,
  type RowFunctions,
  type RowModule,
  type RowTask,
} from "./simd_module.ts";
import { Pace } from "./pace.ts";

/** Pieces for each thread: a thread that is late leaves some to the others. */
const PIECES = 2;
/** Rows of the smallest piece. */
const LEAST_ROWS = 8;

/** This thread, and others where they help. */
export class RowTeam {
  readonly #functions: RowFunctions;
  readonly #team: Team | undefined;
  readonly #rows: number;
  readonly #rowBytes: number;
  /** Tasks take different times. */
  readonly #paces: Readonly<Record<RowTask, Pace>>;
  #helped = 0;

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
    const most = Math.min(threads, Math.floor(rows / LEAST_ROWS));
    if (most < 2) return;
    this.#team = new Team(new URL("./simd_helper.ts", import.meta.url), () => module);
    this.#team.threads = most;
  }

  /** Pieces that other threads have done. */
  get helped(): number {
    return this.#helped;
  }

  /**
   * Runs a function on all rows.
   *
   * @param task Which.
   * @param states Addresses of the states it gets.
   */
  run(task: RowTask, states: readonly number[]): void {
    const team = this.#team;
    if (!team || team.threads === 1) return this.#alone(task, states);
    this.#paces[task].run((together) => {
      if (together) this.#share(team, task, states);
      else this.#alone(task, states);
    });
  }

  #alone(task: RowTask, states: readonly number[]): void {
    this.#functions[task](...states, this.#rows);
  }

  /** Cuts do not depend on who computes what, and no number depends on the cuts. */
  #share(team: Team, task: RowTask, states: readonly number[]): void {
    const pieces = Math.min(PIECES * team.threads, Math.floor(this.#rows / LEAST_ROWS));
    const cut = (k: number): number => Math.floor(this.#rows * k / pieces);
    for (let k = 0; k < pieces; k++) {
      const moved = states.map((address) => address + cut(k) * this.#rowBytes);
      describeRows(team.numbers, k * PIECE_NUMBERS, task, [...moved, cut(k + 1) - cut(k)]);
    }
    this.#helped += pieces;
    team.run(pieces, (start) => {
      this.#helped--;
      doRows(this.#functions, team.numbers, start);
    });
  }

  /** Ends the other threads. */
  close(): void {
    this.#team?.close();
  }
}
