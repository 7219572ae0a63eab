/**
 * The recipe `federated` as one of the processes of a job, one of which may fail within a round: in
 * the midst of what a client trains, or when the server has told of a round and not yet saved it.
 */

import { corrections, type MpiJob, openMpi } from "../../../core/mod.ts";
import { federatedMethods } from "../../../tasks/federated/methods.ts";
import { recipes } from "../../../tasks/recipe.ts";
import "../../../tasks/recipes/mod.ts";
import { textSink } from "../../../tasks/terminal/mod.ts";

/** What a job is asked to do. */
export interface Wish {
  /** Options of the recipe; one local step, method "watched". */
  readonly args: readonly string[];
  /** What a process does in a round, counted from 1. */
  readonly then: { readonly round: number; readonly what: "die" | "hang"; readonly rank: number };
}

/** Matrices and vectors that a client moves in a local step: those of five maps. */
const MOVED = 10;

/** Told of each matrix that a client moves. */
let hear = (): void => {};

corrections.add({
  name: "watched",
  description: "none, and tells the test",
  shares: "bases",
  flow(_a, { flow }) {
    hear();
    return flow;
  },
});
federatedMethods.add({
  name: "watched",
  description: "for the test",
  method: "low-rank",
  correction: "watched",
});

function fail(what: "die" | "hang"): void {
  if (what === "die") Deno.kill(Deno.pid, "SIGKILL");
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
}

/** Runs the recipe; what is told of rounds decides when this process fails, or waits no longer. */
async function take({ comm, setLimit }: MpiJob, { args, then }: Wish): Promise<void> {
  let moved = 0;
  hear = () => {
    if (comm.rank === then.rank && ++moved > MOVED * (then.round - 1)) fail(then.what);
  };
  const sink = {
    ...textSink(),
    write(text: string) {
      if (comm.rank !== 0) return;
      if (then.rank === 0 && text.startsWith(`round ${then.round}/`)) fail(then.what);
      if (then.what === "hang" && text.startsWith(`round ${then.round - 1}/`)) setLimit(0.3);
    },
  };
  const { signal } = new AbortController();
  await recipes.get("federated").run(args, { sink, signal, processes: { comm } });
}

if (import.meta.main) {
  const job = await openMpi();
  try {
    await take(job, JSON.parse(Deno.args[0]!));
  } catch (error) {
    await Deno.stderr.write(new TextEncoder().encode(`${(error as Error).message}\n`));
    job.comm.abort("");
  }
  await job.close();
}
