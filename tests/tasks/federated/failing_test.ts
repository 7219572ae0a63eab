/** A federated job of which a process fails: it ends, and goes on from its last checkpoint. */

import { assert, assertEquals } from "@std/assert";
import { openHostAlgebra, readCheckpoint, readRun } from "../../../core/mod.ts";
import { recipes } from "../../../tasks/recipe.ts";
import { textSink } from "../../../tasks/terminal/mod.ts";
import { type Finished, inFolder } from "../../support/command_line.ts";
import { mpiTest, runMpi } from "../../support/mpi.ts";
import type { Wish } from "./program.ts";
// Adds the method whose processes fail.
import "./program.ts";

// A library that is loaded stays loaded.
await openHostAlgebra();

const PROGRAM = new URL("./program.ts", import.meta.url).pathname;
const ARGS =
  "--dataset digits --train-count 120 --test-count 40 --width 0.03 --rank 4 --rounds 4 --clients 3 " +
  "--local-steps 1 --batch 16 --looks 2 --backend wasm --threads 1 --methods watched --out";

/** A server and two processes with clients, one of which fails in round 3. */
async function failed(out: string, then: Wish["then"]): Promise<Finished> {
  const wish: Wish = { args: [...ARGS.split(" "), out], then };
  const end = await runMpi(3, PROGRAM, JSON.stringify(wish));
  assert(end.code !== 0);
  return end;
}

/** What one process tells of each round that it takes, or goes on with; without times. */
async function told(out: string, ...more: string[]): Promise<unknown[]> {
  const sink = { ...textSink(), write: () => {} };
  const { signal } = new AbortController();
  const args = [...ARGS.split(" "), out, ...more];
  assertEquals(await recipes.get("federated").run(args, { sink, signal }), 0);
  const { metrics } = await readRun(`${out}/watched`);
  return metrics.map(({ seconds: _s, secondsPerStep: _p, ...line }) => line);
}

const saved = async (out: string) => (await readCheckpoint(`${out}/watched`)).record.step;

for (const [who, rank, step] of [["client", 2, 2], ["server", 0, 2]] as const) {
  mpiTest(
    `when a ${who} is killed the job ends, and goes on from its checkpoint bit for bit`,
    () =>
      inFolder(async (folder) => {
        await failed(`${folder}/job`, { round: 3, what: "die", rank });
        assertEquals(await saved(`${folder}/job`), step);
        const whole = await told(`${folder}/whole`);
        assertEquals(await told(`${folder}/job`, "--resume"), whole);
      }),
  );
}

mpiTest(
  "when a client hangs the server says so, and the checkpoint is good",
  () =>
    inFolder(async (folder) => {
      const { err } = await failed(`${folder}/job`, { round: 3, what: "hang", rank: 2 });
      assertEquals(
        err.match(/Cannot .*/g),
        ["Cannot receive: the other processes did not come within 0.3 s"],
      );
      assertEquals(await saved(`${folder}/job`), 2);
    }),
);
