import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { readRun } from "../../../core/mod.ts";
import {
  recipes,
  type StudiedProblem,
  type TextSink,
  UsageError,
  windowingReport,
  writeReport,
} from "../../../tasks/mod.ts";

function recorder(): { sink: TextSink; text: () => string } {
  let written = "";
  const write = (s: string): void => void (written += s);
  const sink = { isTerminal: false, color: false, columns: () => 80, write };
  return { sink, text: () => written };
}

async function withFolder(check: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await check(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ARGS = ["--problem", "stuart-landau", "--periods", "16"];

Deno.test("the recipe windowing writes a study that its report can be rebuilt from", () =>
  withFolder(async (folder) => {
    const out = join(folder, "run");
    const { sink, text } = recorder();
    const { signal } = new AbortController();
    const code = await recipes.get("windowing").run([...ARGS, "--out", out], { sink, signal });
    assertEquals(code, 0);
    assertStringIncludes(text(), "\nhann-square       5");
    assertStringIncludes(text(), "adjoint and tangent differ by ");
    assert(text().split("\n").every((line) => line.startsWith("Report") || [...line].length <= 80));
    const run = await readRun(out);
    assertEquals(run.config.report, "windowing");
    const [result] = run.summary!.problems as StudiedProblem[];
    assertEquals(result!.periods.at(-1), 16);
    assertEquals(result!.curves.map((c) => c.order), [1, 3, 5, null]);
    assertAlmostEquals(result!.signal.times.at(-1)!, 8, 1e-12);
    const page = await Deno.readTextFile(join(out, "report.html"));
    assertStringIncludes(page, "Stuart-Landau oscillator");
    assertStringIncludes(page, result!.curves[1]!.average.at(-1)!.toExponential(1));
    await Deno.remove(join(out, "report.html"));
    await writeReport(out);
    assertEquals(await Deno.readTextFile(join(out, "report.html")), page);
  }));

Deno.test("an interrupted study ends with 130 and without a summary; its report says so", () =>
  withFolder(async (folder) => {
    const out = join(folder, "run");
    const controller = new AbortController();
    controller.abort();
    const { sink } = recorder();
    const context = { sink, signal: controller.signal };
    assertEquals(await recipes.get("windowing").run([...ARGS, "--out", out], context), 130);
    const run = await readRun(out);
    assertEquals(run.summary, undefined);
    assertEquals((await windowingReport.build(run)).lead, "This run has no result yet.");
  }));

Deno.test("the recipe windowing refuses an unknown window and too short a study", async () => {
  const { sink } = recorder();
  const { signal } = new AbortController();
  const run = (...args: string[]) => async () =>
    await recipes.get("windowing").run(args, { sink, signal });
  await assertRejects(run("--window", "han"), UsageError, "--window");
  await assertRejects(run("--periods", "3"), UsageError, "--periods");
});
