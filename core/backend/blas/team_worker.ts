/**
 * A helper of {@linkcode Team}: waits for jobs and computes pieces of them.
 *
 * @module
 */

import { workerData } from "node:worker_threads";
import { blasGemm } from "./gemm.ts";
import { openLibrary } from "./library.ts";
import { runPiece } from "./team.ts";
import { jobOf, takePieces, teamMemory, WORD } from "./team_protocol.ts";

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

function serve({ buffer, path }: { buffer: SharedArrayBuffer; path: string }): void {
  const library = openLibrary(path);
  if (typeof library === "string") return;
  const memory = teamMemory(buffer);
  const gemm = blasGemm(library, () => 0);
  for (let job = 0;;) {
    job = jobOf(nextState(memory.words, job));
    takePieces(memory, job, (start) => runPiece(memory.numbers, start, 0, gemm));
  }
}

serve(workerData);
