import { assertEquals, assertLess } from "@std/assert";
import { type Jobs, Team } from "../../../core/wasm/mod.ts";

const MODULE = new URL("../../../core/wasm/mod.ts", import.meta.url);
/** Doubles a number of the memory that comes as the setting. */
const MEMBER = `
import { joinTeam } from "${MODULE}";
joinTeam({ double: (values, [k]) => values[k] *= 2 }, (memory) => new Float64Array(memory));
`;
const PIECES = 8;
/** Milliseconds in which a thread must have begun to help. */
const PATIENCE = 60_000;

/** The same on the main thread, which takes its time. */
const jobs: Jobs<Float64Array> = {
  double: (values, [k]) => {
    values[k!]! *= 2;
    for (const end = performance.now() + 1; performance.now() < end;);
  },
};

type TestTeam = Team<Float64Array>;

/** A team whose threads run a program, and a job that doubles eight ones and tells who helped. */
async function inTeam(
  program: string,
  f: (team: TestTeam, job: () => number) => void,
): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".mjs" });
  await Deno.writeTextFile(file, program);
  const memory = new SharedArrayBuffer(8 * PIECES);
  const values: Float64Array = new Float64Array(memory);
  const others = { module: new URL(`file://${file}`), setting: () => memory };
  const team = new Team({ jobs, member: values, others });
  try {
    f(team, () => {
      values.fill(1);
      const before = team.helped;
      team.run("double", Array.from(values, (_, k) => [k]));
      assertEquals([...values], Array(PIECES).fill(2));
      return team.helped - before;
    });
  } finally {
    team.close();
    await Deno.remove(file);
  }
}

/** Runs the job until threads have taken a piece. */
function untilHelped(job: () => number): void {
  for (const end = performance.now() + PATIENCE; job() === 0;) {
    assertLess(performance.now(), end, "no thread has helped");
  }
}

Deno.test("close() ends the threads, jobs go on alone, and threads can be had again", () =>
  inTeam(MEMBER, (team, job) => {
    team.threads = 2;
    untilHelped(job);
    team.close();
    assertEquals(team.threads, 1);
    for (let n = 0; n < 5; n++) assertEquals(job(), 0);
    team.threads = 2;
    untilHelped(job);
  }));

Deno.test("a thread that ends at once leaves its pieces to the others", () =>
  inTeam("process.exit();", (team, job) => {
    team.threads = 3;
    for (let n = 0; n < 10; n++) assertEquals(job(), 0);
  }));
