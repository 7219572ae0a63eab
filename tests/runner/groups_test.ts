import { assertEquals, assertStringIncludes } from "@std/assert";
import { judge } from "./groups.ts";
import { runCommand } from "./process.ts";

const FIXTURE = `
Deno.test("good", () => {});
Deno.test("bad", () => { throw new Error("on purpose"); });
Deno.test({ name: "later (no device)", ignore: true, fn() {} });
Deno.test("leaks", () => { setTimeout(() => {}, 60_000); });
`;

/** Runs `deno test` on a source text and returns what the runner makes of it. */
async function judged(
  source: string,
  ...flags: readonly string[]
): Promise<Record<string, string>> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/fixture_test.ts`, source);
    const report = `${folder}/report.xml`;
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const done = await runCommand([
      Deno.execPath(),
      "test",
      "--no-lock",
      `--config=${config}`,
      `--junit-path=${report}`,
      ...flags,
      `${folder}/fixture_test.ts`,
    ]);
    const xml = await Deno.readTextFile(report).catch(() => "");
    const cases = judge("fixture", xml, done.code, done.output);
    return Object.fromEntries(cases.map((c) => [c.name, c.status]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a test run is counted case by case, with leaks as failures", async () => {
  assertEquals(await judged(FIXTURE, "--no-check"), {
    "good": "passed",
    "bad": "failed",
    "later (no device)": "skipped",
    "leaks": "failed",
  });
});

Deno.test("a test file that does not compile counts as one failed test", async () => {
  assertEquals(await judged(`const x: number = "text";`), {
    "the fixture run ends by itself": "failed",
  });
});

Deno.test("a test process that kills itself counts as a failed test", async () => {
  const source = `Deno.test("gone", () => { Deno.kill(Deno.pid, "SIGKILL"); });`;
  const outcome = await judged(source, "--no-check");
  assertEquals(outcome["the fixture run ends by itself"], "failed");
});

Deno.test("judge() keeps a clean run as it is", () => {
  assertEquals(judge("unit", "", 0, ""), []);
});

Deno.test("runCommand() reports a program that does not exist as a failure", async () => {
  const done = await runCommand(["no-such-program-anywhere"]);
  assertEquals(done.code, 1);
  assertStringIncludes(done.output, "NotFound");
});
