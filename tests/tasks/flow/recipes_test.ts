import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readRun } from "../../../core/mod.ts";
import { type GridResult, UsageError, writeReport } from "../../../tasks/mod.ts";
import { inFolder, runMain } from "../../support/command_line.ts";
import { runRecipe } from "../../support/recipes.ts";
import type { WindowSummary } from "../../../tasks/flow/shape_summary.ts";

// Drawings load their renderer once, which counts as a leak of the first test that draws.
const shared = { sanitizeResources: false, sanitizeOps: false };

const FLOW = "--grids 8 --reynolds 50 --time 12 --settle 6 --length 8";
const SHAPE = "--resolution 8 --reynolds 50 --length 8 --transient 1 --horizon 4 --steps 1 " +
  "--threads 1";

/** A window of the user, which threads do not know. */
const PLUGIN = `
import { defineWindow, windows } from "${new URL("../../../core/mod.ts", import.meta.url)}";
const shape = (tau: number): number => tau * (1 - tau);
windows.add(defineWindow({ name: "parabola", description: "τ (1 − τ)", order: 2, shape }));
`;

/** No line is wider than a terminal; paths are not ours to shorten. */
function assertFits(text: string): void {
  for (const line of text.split("\n").filter((l) => !l.startsWith("Report"))) {
    assertLess([...line].length, 81, line);
  }
}

Deno.test({
  name: "the recipe flow writes figures and a report that can be rebuilt",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const { code, text } = await runRecipe("flow", `${FLOW} --out ${out}`.split(" "));
      assertEquals(code, 0);
      assertFits(text);
      const found = await readRun(out);
      assertEquals(found.config.report, "flow");
      const [grid] = found.summary!.grids as GridResult[];
      // Drag of the confined circle at Reynolds number 50, far from that of a wrong force.
      assert(grid!.figures.dragMean > 3 && grid!.figures.dragMean < 5, `${grid!.figures.dragMean}`);
      const page = await Deno.readTextFile(join(out, "report.html"));
      assertStringIncludes(page, "data:image/png;base64,");
      assertStringIncludes(page, grid!.figures.dragMean.toFixed(4));
      await writeReport(out);
      assertEquals(await Deno.readTextFile(join(out, "report.html")), page);
    }),
});

Deno.test({
  name: "the recipe shape lowers the drag at the same area under every window",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const { code, text } = await runRecipe(
        "shape",
        `${SHAPE} --windows square,hann --out ${out}`.split(" "),
      );
      assertEquals(code, 0);
      assertFits(text);
      const found = (await readRun(out)).summary!.windows as WindowSummary[];
      assertEquals(found.map((w) => w.window), ["square", "hann"]);
      for (const w of found) {
        assertEquals(w.designs.length, 2);
        assertLess(w.dragAfter, w.dragBefore);
        assertLess(w.gradientError, 1e-3);
      }
      const page = await Deno.readTextFile(join(out, "report.html"));
      assertStringIncludes(page, found[0]!.dragAfter.toFixed(4));
      await writeReport(out);
      assertEquals(await Deno.readTextFile(join(out, "report.html")), page);
    }),
});

Deno.test({
  name: "searches in threads find what they find one after the other, also under a user's window",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const designs: unknown[] = [];
      const plugin = join(folder, "window.ts");
      await Deno.writeTextFile(plugin, PLUGIN);
      for (const threads of [1, 2]) {
        const out = join(folder, `${threads}`);
        const args = `${SHAPE} --windows hann,parabola --out ${out}`.replace("--threads 1", "");
        const all = [
          "train",
          "shape",
          ...args.split(" "),
          "--threads",
          `${threads}`,
          "--plugin",
          plugin,
        ];
        const { code, err } = await runMain(...all.filter((a) => a !== ""));
        assertEquals(code, 0, err);
        const found = (await readRun(out)).summary!.windows as WindowSummary[];
        designs.push(found.map((w) => w.designs.map(({ seconds: _, ...rest }) => rest)));
      }
      assertEquals(designs[0], designs[1]);
    }),
});

Deno.test({
  name: "a stopped run ends with 130 and without a summary",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const stop = new AbortController();
      stop.abort();
      for (const [name, args] of [["flow", `${FLOW} --time 500`], ["shape", SHAPE]] as const) {
        const once = args.replace("--time 12 ", "");
        const { code } = await runRecipe(
          name,
          `${once} --out ${join(folder, name)}`.split(" "),
          stop.signal,
        );
        assertEquals(code, 130);
        assertEquals((await readRun(join(folder, name))).summary, undefined);
        assertStringIncludes(await writeReport(join(folder, name)), "report.html");
      }
    }),
});

const WRONG = [
  ["flow", "--settle 60", "Cannot set --settle: expected less than --time 60, got 60"],
  ["flow", "--grids 8", "with 8 cells across the diameter: expected at least 15"],
  ["flow", "--kernel fast", 'Cannot set --kernel to "fast"'],
  ["shape", "--windows squara", 'Cannot set --windows to "squara": did you mean "square"'],
  ["shape", "--resolution 10", "with 10 cells across the diameter: expected at least 15"],
  ["shape", "--stretch 0.3", "Cannot set --stretch: expected at most --bound 0.2, got 0.3"],
  ["shape", "--body elipse", 'Cannot set --body to "elipse"'],
] as const;

for (const [name, args, message] of WRONG) {
  Deno.test(`${name} ${args} is refused before anything is written`, async () => {
    await assertRejects(
      () => runRecipe(name, `${args} --out /nowhere/at/all`.split(" ")),
      UsageError,
      message,
    );
  });
}
