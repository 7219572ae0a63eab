/**
 * Threads that share the rows of a grid.
 *
 * @module
 */

import { Team, type TeamOptions } from "../../core/wasm/mod.ts";
import { Pace } from "../flow/pace.ts";
import { MOST_PIECES } from "./simd_layout.ts";

/** Pieces for each thread: a thread that is late leaves some to the others. */
const PIECES = 2;
/** Rows of the smallest piece: each computes values of one or two rows more than it has. */
const LEAST_ROWS = 8;

/** Threads that rows are enough for, and pieces that these are cut into at most. */
export function sharingOf(rows: number, threads: number): { threads: number; pieces: number } {
  const most = Math.floor(Math.min(rows / LEAST_ROWS, MOST_PIECES / PIECES));
  const helping = Math.max(1, Math.min(threads, most));
  const pieces = Math.min(PIECES * helping, Math.floor(rows / LEAST_ROWS));
  return { threads: helping, pieces: Math.max(1, pieces) };
}

/** What a piece gets, given its first row, how many there are and the number of the piece. */
export type PieceArguments = (first: number, rows: number, piece: number) => number[];

/**
 * A team on rows, of which threads stay away where they do not help.
 *
 * @typeParam M What a member works with.
 */
export class SweepTeam<M> {
  readonly #options: TeamOptions<M>;
  readonly #team: Team<M>;
  readonly #rows: number;
  readonly #pieces: number;
  readonly #pace = new Pace();

  /**
   * Makes a team.
   *
   * @param options What it can be asked to do, by whom.
   * @param rows Rows of the grid.
   * @param threads Most threads, this one included.
   */
  constructor(options: TeamOptions<M>, rows: number, threads: number) {
    this.#options = options;
    this.#rows = rows;
    this.#team = new Team(options);
    const sharing = sharingOf(rows, threads);
    this.#pieces = sharing.pieces;
    this.#team.threads = sharing.threads;
  }

  /** Pieces that other threads have done. */
  get helped(): number {
    return this.#team.helped;
  }

  /** Does a job on all rows; no number depends on the cuts. */
  run(job: string, argumentsOf: PieceArguments): void {
    const { jobs, member } = this.#options;
    const alone = (): void => jobs[job]!(member, argumentsOf(0, this.#rows, 0));
    if (this.#team.threads === 1) return alone();
    this.#pace.run((together) => {
      if (together) this.#team.run(job, this.#cut(argumentsOf));
      else alone();
    });
  }

  #cut(argumentsOf: PieceArguments): number[][] {
    const count = this.#pieces;
    const cut = (k: number): number => Math.floor(this.#rows * k / count);
    return Array.from({ length: count }, (_, k) => argumentsOf(cut(k), cut(k + 1) - cut(k), k));
  }

  /** Ends the other threads. */
  close(): void {
    this.#team.close();
  }
}
