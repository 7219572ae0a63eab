/** The recipe from its options to its report: files, going on, and what is refused. */

import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readRun } from "../../../../core/mod.ts";
import { UsageError, writeReport } from "../../../../tasks/mod.ts";
import { inFolder } from "../../../support/command_line.ts";
import { recorder, runRecipe } from "../../../support/recipes.ts";
import { recipes } from "../../../../tasks/recipe.ts";

// Drawings load their renderer once, which counts as a leak of the first test that draws.
const shared = { sanitizeResources: false, sanitizeOps: false };

const ARGS = [
  ...["--order", "10", "--samples", "24", "--tests", "12", "--hidden", "8", "--modes", "4"],
  ...["--steps", "20", "--cells", "8", "--backend", "wasm", "--threads", "1"],
];

/** Numbers of a summary that no clock has a part in. */
async function networksOf(out: string): Promise<Record<string, unknown>[]> {
  const { networks } = (await readRun(out)).summary!;
  return (networks as Record<string, unknown>[]).map((n) => ({ ...n, seconds: 0 }));
}

Deno.test({
  name: "collision compares all ways to keep mass, and its report can be rebuilt",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const { code, text } = await runRecipe("collision", [...ARGS, "--out", out]);
      assertEquals(code, 0);
      for (const line of text.split("\n").filter((l) => !/^(Report|Backend)/.test(l))) {
        assertLess([...line].length, 81, line);
      }
      const networks = await networksOf(out);
      assertEquals(networks.map(({ label }) => label), [
        ...["plain", "bias", "soft", "hard-gram", "hard-special"],
        "hard-special, naive samples",
      ]);
      for (const { label, defect, drift, inflowDefect } of networks) {
        const hard = String(label).startsWith("hard");
        for (const mass of [defect, drift, inflowDefect] as number[]) {
          assert(hard ? mass < 1e-12 : mass > 1e-8, `${label}: ${mass}`);
        }
      }
      const page = await Deno.readTextFile(join(out, "report.html"));
      for (const word of ["Q of a test density", "stream in", "soft"]) {
        assertStringIncludes(page, word);
      }
      await writeReport(out);
      assertEquals(await Deno.readTextFile(join(out, "report.html")), page);
    }),
});

Deno.test({
  name: "an interrupted study of collisions ends as if it had been left in peace",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const args = (name: string) => [
        ...["--space", "sphere", "--order", "3", "--samples", "12", "--tests", "6"],
        ...["--hidden", "6", "--modes", "3", "--steps", "20", "--cells", "6"],
        ...["--conservation", "plain,hard-special", "--formats", "dense,low-rank", "--rank", "2"],
        ...["--no-contrast", "--backend", "wasm", "--threads", "1", "--out", join(folder, name)],
      ];
      assertEquals((await runRecipe("collision", args("whole"))).code, 0);
      const stop = new AbortController();
      const { sink, text } = recorder();
      const watched = {
        ...sink,
        write(s: string): void {
          sink.write(s);
          // In the middle of the second training.
          if (text().split("epoch").length > 16) stop.abort();
        },
      };
      const context = { sink: watched, signal: stop.signal };
      const again = args("parts");
      assertEquals(await recipes.get("collision").run(again, context), 130);
      assertStringIncludes(text(), "Interrupted");
      const parts = [...Deno.readDirSync(join(folder, "parts", "parts"))].map(({ name }) => name);
      assertEquals(parts.includes("trained-plain.safetensors"), true);
      assert(parts.length < 8);
      assertEquals((await runRecipe("collision", [...again, "--resume"])).code, 0);
      assertEquals(
        await networksOf(join(folder, "parts")),
        await networksOf(join(folder, "whole")),
      );
    }),
});

Deno.test({
  name: "networks learn forward scattering, also in low rank, and not from naive densities",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const args = [
        ...["--order", "24", "--samples", "150", "--tests", "100", "--hidden", "12,12"],
        ...["--modes", "8", "--steps", "400", "--learning-rate", "8e-3", "--cells", "10"],
        ...["--conservation", "hard-special", "--formats", "dense,low-rank", "--rank", "3"],
        ...["--backend", "wasm", "--threads", "1", "--out", join(folder, "run")],
      ];
      assertEquals((await runRecipe("collision", args)).code, 0);
      const [full, low, naive] = await networksOf(join(folder, "run")) as Record<string, number>[];
      assertLess(full!.error!, 0.2);
      assertLess(low!.error!, 1.5 * full!.error!);
      assertLess(low!.branch!, 0.5 * low!.fullBranch!);
      assert(naive!.error! > 3 * low!.error!);
    }),
});

Deno.test("a study of collisions refuses what makes no sense, and writes nothing", () =>
  inFolder(async (folder) => {
    const refused = (args: string[], message: string) =>
      assertRejects(
        () => runRecipe("collision", [...args, "--out", join(folder, "run")]),
        UsageError,
        message,
      );
    await refused(["--kernel", "isotrop"], 'did you mean "isotropic"');
    await refused(["--kernel", "henyey-greenstein:g=1"], "expected a number > -1 and < 1, got 1");
    await refused(["--conservation", "hard-gam"], 'did you mean "hard-gram"');
    await refused(["--order", "3", "--space", "ball"], "slab, sphere");
    await refused(["--order", "-1"], "expected a whole number from 0 to 200");
    assertEquals([...Deno.readDirSync(folder)], []);
  }));
