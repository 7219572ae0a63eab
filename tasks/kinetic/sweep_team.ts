/**
 * Threads that share the rows of a grid.
 *
 * @module
 */

import { Team } from "../../core/wasm/mod.ts";
import { Pace } from "../flow/pace.ts";
import type { StageWay } from "./kernel.ts";
import { MOST_PIECES } from "./simd_layout.ts";
import { bindSweep, type SweepFunctions, sweepJobs, type SweepModule } from "./simd_module.ts";

/** Pieces for each thread: a thread that is late leaves some to the others. */
const PIECES = 2;
/** Rows of the smallest piece: each computes the face values of one row more than it has. */
const LEAST_ROWS = 8;

/** What a piece gets, given its first row, how many there are and the number of the piece. */
export type PieceArguments = (first: number, rows: number, piece: number) => number[];

/** A team on rows, of which threads stay away where they do not help. */
export class SweepTeam {
  readonly #functions: SweepFunctions;
  readonly #team: Team<SweepFunctions>;
  readonly #rows: number;
  readonly #pace = new Pace();

  /**
   * Makes a team.
   *
   * @param module Functions and memory, which is a shared one where there are several threads.
   * @param rows Rows of the grid.
   * @param threads Most threads, this one included.
   */
  constructor(module: SweepModule, rows: number, threads: number) {
    this.#functions = bindSweep(module);
    this.#rows = rows;
    const others = {
      module: new URL("./simd_member.ts", import.meta.url),
      setting: () => module,
    };
    this.#team = new Team({ jobs: sweepJobs, member: this.#functions, others });
    const most = Math.floor(Math.min(rows / LEAST_ROWS, MOST_PIECES / PIECES));
    this.#team.threads = Math.max(1, Math.min(threads, most));
  }

  /** Pieces that other threads have done. */
  get helped(): number {
    return this.#team.helped;
  }

  /** Runs a function on all rows; no number depends on the cuts. */
  run(way: StageWay, argumentsOf: PieceArguments): void {
    const alone = (): void => this.#functions[way](...argumentsOf(0, this.#rows, 0));
    if (this.#team.threads === 1) return alone();
    this.#pace.run((together) => {
      if (together) this.#team.run(way, this.#pieces(argumentsOf));
      else alone();
    });
  }

  #pieces(argumentsOf: PieceArguments): number[][] {
    const count = Math.min(PIECES * this.#team.threads, Math.floor(this.#rows / LEAST_ROWS));
    const cut = (k: number): number => Math.floor(this.#rows * k / count);
    return Array.from({ length: count }, (_, k) => argumentsOf(cut(k), cut(k + 1) - cut(k), k));
  }

  /** Ends the other threads. */
  close(): void {
    this.#team.close();
  }
}
