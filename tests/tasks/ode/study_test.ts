import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readRun } from "../../../core/mod.ts";
import {
  convergenceReport,
  recipes,
  type TextSink,
  UsageError,
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

const ARGS = ["--problem", "riccati", "--integrator", "abc-psi", "--steps", "5", "--halvings", "1"];
const shared = { sanitizeResources: false, sanitizeOps: false };

Deno.test({
  name: "the recipe integrators writes a study that its report can be rebuilt from",
  ...shared,
  fn: () =>
    withFolder(async (folder) => {
      const out = join(folder, "run");
      const { sink, text } = recorder();
      const { signal } = new AbortController();
      const code = await recipes.get("integrators").run([...ARGS, "--out", out], { sink, signal });
      assertEquals(code, 0);
      assertStringIncludes(text(), "Differential Riccati equation, rank 14");
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
    withFolder(async (folder) => {
      const out = join(folder, "run");
      const controller = new AbortController();
      controller.abort();
      const { sink } = recorder();
      const context = { sink, signal: controller.signal };
      assertEquals(await recipes.get("integrators").run([...ARGS, "--out", out], context), 130);
      const run = await readRun(out);
      assertEquals(run.summary, undefined);
      assertEquals((await convergenceReport.build(run)).lead, "This run has no result yet.");
    }),
});

Deno.test("the recipe integrators refuses an unknown integrator by name", async () => {
  const { sink } = recorder();
  const { signal } = new AbortController();
  await assertRejects(
    async () => await recipes.get("integrators").run(["--integrator", "bugg"], { sink, signal }),
    UsageError,
    "--integrator",
  );
});
