import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readRun } from "../../../core/mod.ts";
import { convergenceReport, UsageError, writeReport } from "../../../tasks/mod.ts";
import { inFolder } from "../../support/command_line.ts";
import { runRecipe } from "../../support/recipes.ts";

const ARGS = ["--problem", "riccati", "--integrator", "abc-psi", "--steps", "5", "--halvings", "1"];
const shared = { sanitizeResources: false, sanitizeOps: false };

Deno.test({
  name: "the recipe integrators writes a study that its report can be rebuilt from",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const { code, text } = await runRecipe("integrators", [...ARGS, "--out", out]);
      assertEquals(code, 0);
      assertStringIncludes(text, "Differential Riccati equation, rank 14");
      const run = await readRun(out);
      assertEquals(run.config.report, "convergence");
      const [result] = run.summary!.problems as {
        stepSizes: number[];
        curves: { integrator: string; errors: number[] }[];
      }[];
      assertEquals(result!.stepSizes, [0.2, 0.1]);
      assertEquals(result!.curves[0]!.integrator, "abc-psi");
      const page = await Deno.readTextFile(join(out, "report.html"));
      assertStringIncludes(page, result!.curves[0]!.errors[0]!.toExponential(1));
      await Deno.remove(join(out, "report.html"));
      await writeReport(out);
      assertEquals(await Deno.readTextFile(join(out, "report.html")), page);
    }),
});

Deno.test({
  name: "an interrupted study ends with 130 and without a summary; its report says so",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const { code } = await runRecipe("integrators", [...ARGS, "--out", out], AbortSignal.abort());
      assertEquals(code, 130);
      const run = await readRun(out);
      assertEquals(run.summary, undefined);
      assertEquals((await convergenceReport.build(run)).lead, "This run has no result yet.");
    }),
});

Deno.test("the recipe integrators refuses an unknown integrator by name", async () => {
  await assertRejects(
    () => runRecipe("integrators", ["--integrator", "bugg"]),
    UsageError,
    "--integrator",
  );
});
