/** The recipe of closures from samples to its report, interrupted on the way; and runs of others. */

import { assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readRun } from "../../../../core/mod.ts";
import { lineSource, planeSource, UsageError } from "../../../../tasks/mod.ts";
import { transportDefaults, transportSchema } from "../../../../tasks/kinetic/options.ts";
import { transportStudy } from "../../../../tasks/kinetic/study.ts";
import { parseOptions } from "../../../../tasks/options.ts";
import { gammasOf } from "../../../../tasks/kinetic/closures/options.ts";
import { closureRecipe } from "../../../../tasks/recipes/closure.ts";
import { inFolder } from "../../../support/command_line.ts";
import { recorder } from "../../../support/recipes.ts";

// Drawings load their renderer once, which counts as a leak of the first test that draws.
const shared = { sanitizeResources: false, sanitizeOps: false };

const SMALL = "--problem plane-source --quadrature gauss --order 8 --cells 20 --degree 1 " +
  "--gamma 0.1 --threshold 1e-6 --width 8 --depth 1 --samples 128 --steps 8 --batch 64 --threads 1";

async function run(args: string, signal = new AbortController().signal) {
  const { sink, text } = recorder();
  const code = await closureRecipe.run(args.split(" "), { sink, signal });
  return { code, text: text() };
}

Deno.test({
  name: "recipe closure goes on where it was interrupted, and its network closes other runs",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const stopped = await run(`${SMALL} --out ${out}`, AbortSignal.abort());
      assertEquals(stopped.code, 130);
      assertStringIncludes(stopped.text, "Go on with the same options");
      const { code, text } = await run(`${SMALL} --out ${out} --resume`);
      assertEquals(code, 0);
      assertStringIncludes(text, "falling pairs");
      const { summary } = await readRun(out);
      const runs = summary!.runs as { label: string; defect?: number }[];
      assertEquals(runs.map(({ label }) => label), [
        "S_N",
        "P_1",
        "M_1, Newton, γ = 0.1",
        "M_1, input-convex, rotated, γ = 0.1",
      ]);
      for (const { defect } of runs.slice(2)) assertLess(Math.abs(defect!), 1e-12);
      const page = await Deno.readTextFile(join(out, "report.html"));
      assertStringIncludes(page, "Mean squared errors on samples");

      const study = (problem: typeof planeSource, args: string) => {
        const { sink, text } = recorder();
        const defaults = {
          ...{ cells: 20, quadrature: "gauss", order: 8 },
          ...{ ...problem.defaults, ...transportDefaults },
        };
        const schema = { ...problem.limits, ...transportSchema() };
        const options = parseOptions(args.split(" "), defaults, schema);
        const context = { sink, signal: new AbortController().signal };
        return transportStudy("test", problem, options, context).then(() => text());
      };
      const network = join(out, "networks", "input-convex-0.1");
      const told = await study(
        planeSource,
        `--solver mn --closure ${network} --threads 1 --out ${join(folder, "other")}`,
      );
      assertStringIncludes(told, "M_1, input-convex, rotated, γ = 0.1: mean squared errors h ");
      assertStringIncludes(told, "M_1, Newton");
      await assertRejects(
        () =>
          study(
            lineSource,
            `--solver mn --closure ${network} --quadrature product --out ${join(folder, "no")}`,
          ),
        UsageError,
        "expected a closure in 2 dimensions, got one in 1",
      );
      const full = await study(
        planeSource,
        `--solver mn --degree 1 --closure newton:full --gamma 0.1 --threads 1 --out ${
          join(folder, "full")
        }`,
      );
      assertStringIncludes(full, "M_1, Newton, full,");
      for (
        const [args, message] of [
          ["newton:full", "newton:full: expected --gamma above 0, got 0"],
          ["newton:none --gamma 0.1", "newton:none: expected --gamma 0, got 0.1"],
          ["newton:half", "newton:half: expected newton:none, newton:partial, newton:full"],
        ] as const
      ) {
        await assertRejects(
          () => study(planeSource, `--solver mn --degree 1 --closure ${args}`),
          UsageError,
          message,
        );
      }
    }),
});

Deno.test({
  name: "recipe closure runs on a part of the hohlraum whose sides reflect, beside all others",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const small = SMALL.replace(
        "plane-source --quadrature gauss --order 8 --cells 20",
        "quarter-hohlraum --quadrature product --order 4 --cells 13",
      );
      const { code, text } = await run(`${small} --out ${out}`);
      assertEquals(code, 0, text);
      const { summary } = await readRun(out);
      const runs = summary!.runs as { label: string; defect?: number; error?: number }[];
      assertEquals(runs.length, 4);
      for (const { label, defect } of runs.filter(({ label }) => label !== "P_1")) {
        assertLess(Math.abs(defect!), 1e-12, label);
      }
    }),
});

Deno.test("a regularisation that is given twice has one network", () => {
  assertEquals(gammasOf("0.01,0.1,0.010"), [0.01, 0.1]);
});

Deno.test("recipe closure refuses what makes no sense before anything is written", () =>
  inFolder(async (folder) => {
    const out = join(folder, "run");
    const refused = (args: string, message: string) => {
      const key = args.split(" ")[0]!;
      const others = SMALL.replace(new RegExp(`${key} \\S+`), "");
      const all = `${others} ${args} --out ${out}`.trim().replaceAll(/ +/g, " ");
      return assertRejects(() => run(all), Error, message);
    };
    await refused("--gamma 0.1,x", 'joined by commas, got "x"');
    await refused("--quadrature product", "expected one of gauss");
    await refused("--format nonsense", "nonsense");
    assertEquals([...Deno.readDirSync(folder)], []);
  }));
