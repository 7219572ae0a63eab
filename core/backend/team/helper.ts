/**
 * The life of a helper.
 *
 * @module
 */

import { jobOf, takePieces, teamMemory, WORD } from "./protocol.ts";

/** Looks at the state before a helper sleeps: about half a millisecond. */
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
 * Takes pieces of jobs for ever.
 *
 * @param buffer The team's shared buffer.
 * @param compute Computes the piece whose numbers start at an index.
 */
export function help(
  buffer: SharedArrayBuffer,
  compute: (numbers: Float64Array, start: number) => void,
): never {
  const memory = teamMemory(buffer);
  for (let job = 0;;) {
    job = jobOf(nextState(memory.words, job));
    takePieces(memory, job, (start) => compute(memory.numbers, start));
  }
}
