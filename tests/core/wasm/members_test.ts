import { assertEquals, assertLess, assertThrows } from "@std/assert";
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
  patience: number = 60,
): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".mjs" });
  await Deno.writeTextFile(file, program);
  const memory = new SharedArrayBuffer(8 * PIECES);
  const values: Float64Array = new Float64Array(memory);
  const others = { module: new URL(`file://${file}`), setting: () => memory };
  const team = new Team({ jobs, member: values, others, patience });
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

/** Program of a thread that does this with every piece it gets. */
const doing = (what: string): string => `
import { joinTeam } from "${MODULE}";
joinTeam({ double: (values, [k]) => { ${what} } }, (memory) => new Float64Array(memory));
`;

for (
  const [what, program] of Object.entries({
    "that ends in the middle of a piece": doing("process.exit();"),
    "whose piece has no end": doing("for (;;);"),
  })
) {
  Deno.test(`a thread ${what} ends the job with an error, and the next is done alone`, () =>
    inTeam(program, (team, job) => {
      team.threads = 2;
      assertThrows(
        () => untilHelped(job),
        Error,
        `Cannot finish the job "double": expected 8 pieces, got 7 and no other for 0.3 s; a ` +
          "thread must have ended in the middle of one: run again, with one thread if it happens " +
          "again",
      );
      assertEquals(team.threads, 1);
      assertEquals(job(), 0);
    }, 0.3));
}

Deno.test("a piece that takes its time is waited for", () =>
  inTeam(
    doing("values[k] *= 2; for (const t = Date.now(); Date.now() < t + 100;);"),
    (team, job) => {
      team.threads = 2;
      untilHelped(job);
    },
  ));
