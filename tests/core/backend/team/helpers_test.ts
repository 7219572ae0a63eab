import { assertEquals, assertLess } from "@std/assert";
import { PIECE_NUMBERS, Team } from "../../../../core/backend/team/mod.ts";

const MODULE = new URL("../../../../core/backend/team/mod.ts", import.meta.url);
/** Doubles a number of the memory that comes as the setting. */
const HELPER = `
import { workerData } from "node:worker_threads";
import { help } from "${MODULE}";
const values = new Float64Array(workerData.setting);
help(workerData.buffer, (numbers, start) => {
  values[numbers[start]] *= 2;
  Atomics.add(new Int32Array(workerData.setting, 64), 0, 1);
});
`;
const PIECES = 8;
/** Milliseconds in which a helper must have begun to help. */
const PATIENCE = 60_000;

/** A team whose helpers run a program, and a job that doubles eight ones. */
async function inTeam(program: string, f: (team: Team, job: () => number) => void): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".mjs" });
  await Deno.writeTextFile(file, program);
  const memory = new SharedArrayBuffer(64 + 8);
  const values = new Float64Array(memory, 0, PIECES);
  const helped = new Int32Array(memory, 64);
  const team = new Team(new URL(`file://${file}`), () => memory);
  try {
    f(team, () => {
      values.fill(1);
      helped[0] = 0;
      for (let k = 0; k < PIECES; k++) team.numbers[k * PIECE_NUMBERS] = k;
      team.run(PIECES, (start) => {
        values[team.numbers[start]!]! *= 2;
        for (const end = performance.now() + 1; performance.now() < end;);
      });
      assertEquals([...values], Array(PIECES).fill(2));
      return helped[0];
    });
  } finally {
    team.close();
    await Deno.remove(file);
  }
}

/** Runs the job until helpers have taken a piece. */
function untilHelped(job: () => number): void {
  for (const end = performance.now() + PATIENCE; job() === 0;) {
    assertLess(performance.now(), end, "no helper has helped");
  }
}

Deno.test("close() ends the helpers, jobs go on alone, and helpers can be had again", () =>
  inTeam(HELPER, (team, job) => {
    team.threads = 2;
    untilHelped(job);
    team.close();
    assertEquals(team.threads, 1);
    for (let n = 0; n < 5; n++) assertEquals(job(), 0);
    team.threads = 2;
    untilHelped(job);
  }));

Deno.test("a helper that ends at once leaves its pieces to the others", () =>
  inTeam("process.exit();", (team, job) => {
    team.threads = 3;
    for (let n = 0; n < 10; n++) assertEquals(job(), 0);
  }));
