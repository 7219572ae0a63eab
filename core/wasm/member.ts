/**
 * The life of a thread that is a member of a team.
 *
 * @module
 */

import { workerData } from "node:worker_threads";
import { type Jobs, readPiece } from "./pieces.ts";
import { jobOf, takePieces, teamMemory, WORD } from "./protocol.ts";

/** What a member's thread starts with. */
export interface MemberStart<S> {
  /** The team's shared buffer. */
  readonly buffer: SharedArrayBuffer;
  /** Number of the member, from 1; 0 is the main thread. */
  readonly place: number;
  /** What the team's options say that members need to know besides. */
  readonly setting: S;
}

/** Looks at the state before a member sleeps: about half a millisecond. */
const LOOKS = 50_000;

/** Waits for a state of another job, awake at first and then asleep. */
function nextState(words: Int32Array<SharedArrayBuffer>, job: number): number {
  for (let looks = 0;; looks++) {
    const state = Atomics.load(words, WORD.state);
    if (jobOf(state) !== job) return state;
    if (looks < LOOKS) continue;
    Atomics.add(words, WORD.sleeping, 1);
    Atomics.wait(words, WORD.state, state);
    Atomics.sub(words, WORD.sleeping, 1);
    looks = 0;
  }
}

/**
 * Makes this thread a member of the team that started it: takes pieces of its jobs for ever. The
 * module of a member calls it last.
 *
 * @param jobs The team's table of jobs, the same as on its main thread.
 * @param prepare Makes what this member works with. When it throws, the thread ends and leaves its
 *   pieces to the others.
 */
export function joinTeam<M, S>(
  jobs: Jobs<M>,
  prepare: (setting: S, place: number) => M,
): never {
  const { buffer, place, setting } = workerData as MemberStart<S>;
  const member = prepare(setting, place);
  const functions = Object.values(jobs);
  const memory = teamMemory(buffer);
  for (let job = 0;;) {
    job = jobOf(nextState(memory.words, job));
    takePieces(memory, job, (start) => {
      const piece = readPiece(memory.numbers, start);
      functions[piece.job]!(member, piece.numbers);
    });
  }
}
