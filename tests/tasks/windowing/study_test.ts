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
  type StudiedProblem,
  UsageError,
  windowingReport,
  writeReport,
} from "../../../tasks/mod.ts";
import { inFolder } from "../../support/command_line.ts";
import { runRecipe } from "../../support/recipes.ts";

const ARGS = ["--problem", "stuart-landau", "--periods", "16"];

Deno.test("the recipe windowing writes a study that its report can be rebuilt from", () =>
  inFolder(async (folder) => {
    const out = join(folder, "run");
    const { code, text } = await runRecipe("windowing", [...ARGS, "--out", out]);
    assertEquals(code, 0);
    assertStringIncludes(text, "\nhann-square       5");
    assertStringIncludes(text, "adjoint and tangent differ by ");
    assert(text.split("\n").every((line) => line.startsWith("Report") || [...line].length <= 80));
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
  inFolder(async (folder) => {
    const out = join(folder, "run");
    const { code } = await runRecipe("windowing", [...ARGS, "--out", out], AbortSignal.abort());
    assertEquals(code, 130);
    const run = await readRun(out);
    assertEquals(run.summary, undefined);
    assertEquals((await windowingReport.build(run)).lead, "This run has no result yet.");
  }));

Deno.test("the recipe windowing refuses an unknown window and too short a study", async () => {
  const run = (...args: string[]) => () => runRecipe("windowing", args);
  await assertRejects(run("--window", "han"), UsageError, "--window");
  await assertRejects(run("--periods", "3"), UsageError, "--periods");
});
