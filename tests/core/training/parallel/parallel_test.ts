/** Processes of a job that train one network: the same run, whoever takes part in it. */

import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { readCheckpoint } from "../../../../core/mod.ts";
import { type Finished, inFolder } from "../../../support/command_line.ts";
import { mpiTest, runMpi } from "../../../support/mpi.ts";
import type { Told, Wish } from "./program.ts";

const PROGRAM = new URL("./program.ts", import.meta.url).pathname;

async function job(processes: number, wish: Wish): Promise<Told> {
  const { code, out, err } = await runMpi(processes, PROGRAM, JSON.stringify(wish));
  assertEquals(code, 0, err);
  return JSON.parse(out);
}

async function failed(processes: number, wish: Wish): Promise<Finished> {
  const end = await runMpi(processes, PROGRAM, JSON.stringify(wish));
  assert(end.code !== 0);
  return end;
}

/** Largest difference of two lists, relative to the largest entry. */
function distance(a: readonly number[], b: readonly number[]): number {
  assertEquals(a.length, b.length);
  const largest = Math.max(...a.map(Math.abs));
  return Math.max(...a.map((x, i) => Math.abs(x - b[i]!))) / largest;
}

/** The run that every test compares with, clipped by what its gradients exceed. */
const RUN: Wish = { parts: 4, clipNorm: 0.4 };
/** The same, clipped by what they do not reach. */
const FREE: Wish = { parts: 4, clipNorm: 1e6 };
const runs = new Map<number, Promise<Told>>();

/** The run by so many processes, made once. */
function run(processes: number): Promise<Told> {
  if (!runs.has(processes)) runs.set(processes, job(processes, RUN));
  return runs.get(processes)!;
}

mpiTest("one, two and four processes train the same network but for rounding", async () => {
  const one = await run(1);
  assertEquals(one.losses.length, 6);
  for (const processes of [2, 4]) {
    const other = await run(processes);
    assertLess(distance(one.losses, other.losses), 1e-5);
    assertLess(distance(one.weights, other.weights), 1e-5);
    assertEquals(other.accuracy, one.accuracy);
  }
});

mpiTest("as many processes train to the same bits", async () => {
  assertEquals(await run(2), await job(2, RUN));
});

mpiTest("processes tell less than a matrix holds where no gradient exceeds the bound", async () => {
  const [free, clipped] = [await job(2, FREE), await run(2)];
  const [bytes, denseBytes] = free.bytes!;
  const wideMatrix = 4 * 216 * 64;
  assertLess(bytes, wideMatrix / 8);
  assertGreater(denseBytes, wideMatrix);
  // Where all do, whole gradients are summed beside, once.
  assertGreater(distance(free.weights, clipped.weights), 1e-2);
  assertLess(Math.abs(clipped.bytes![0] - bytes - denseBytes), 100);
});

mpiTest("a run is stopped by any process, and goes on with another number of them", async () => {
  const whole = await run(2);
  await inFolder(async (out) => {
    const then = { step: 3, what: "stop", rank: 1 } as const;
    const begun = await job(2, { ...RUN, out, then });
    assertEquals([begun.reason, begun.steps < 6], ["interrupted", true]);
    const ended = await job(4, { clipNorm: RUN.clipNorm!, out, resume: true });
    assertEquals([ended.reason, ended.steps], ["finished", 6]);
    assertLess(distance([...begun.losses, ...ended.losses], whole.losses), 1e-5);
    assertLess(distance(ended.weights, whole.weights), 1e-5);
  });
});

for (const rank of [0, 1]) {
  mpiTest(`when process ${rank} is killed the job ends, and the checkpoint is good`, async () => {
    await inFolder(async (out) => {
      await failed(2, { out, then: { step: 3, what: "die", rank } });
      assertEquals((await readCheckpoint(out)).record.step, 2);
    });
  });
}

mpiTest("when a process hangs one message says so, and the checkpoint is good", async () => {
  await inFolder(async (out) => {
    const then = { step: 3, what: "hang", rank: 1 } as const;
    const { err } = await failed(2, { out, then });
    assertEquals(
      err.match(/Cannot .*/g),
      ["Cannot all-reduce: the other processes did not come within 0.3 s"],
    );
    assertEquals((await readCheckpoint(out)).record.step, 2);
  });
});
