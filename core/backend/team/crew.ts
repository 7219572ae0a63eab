/**
 * The threads of a team as kernels see them.
 *
 * @module
 */

import type { Crew, Hand } from "../heap/hand.ts";
import { describePiece, doPiece, doTask } from "../heap/tasks.ts";
import { PIECE_NUMBERS, PIECES } from "./protocol.ts";
import type { Team } from "./team.ts";

/** This thread and, where there is a team, its helpers. */
export class TeamCrew implements Crew {
  readonly #hand: Hand;
  readonly #team: Team | undefined;

  /**
   * Makes the crew.
   *
   * @param hand Tools of this thread.
   * @param team The others; without them this thread does everything.
   */
  constructor(hand: Hand, team: Team | undefined) {
    this.#hand = hand;
    this.#team = team;
  }

  /** Threads that take part. */
  get threads(): number {
    return this.#team?.threads ?? 1;
  }

  /** Runs a task on each piece. */
  run(task: string, pieces: readonly (readonly number[])[]): void {
    const most = PIECES - 1;
    if (pieces.length < 2 || this.threads === 1) {
      for (const numbers of pieces) doTask(this.#hand, task, numbers);
    } else if (pieces.length > most) {
      this.run(task, pieces.slice(0, most));
      this.run(task, pieces.slice(most));
    } else this.#share(this.#team!, task, pieces);
  }

  #share(team: Team, task: string, pieces: readonly (readonly number[])[]): void {
    const { numbers } = team;
    pieces.forEach((own, i) => describePiece(numbers, PIECE_NUMBERS * i, task, own));
    team.run(pieces.length, (start) => doPiece(this.#hand, numbers, start));
  }
}
