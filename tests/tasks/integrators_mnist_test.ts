import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { augmentedBug, integrators, readRun, tunable } from "../../core/mod.ts";
import {
  compareIntegrators,
  defaults,
  type Options,
} from "../../tasks/recipes/integrators_mnist.ts";
import type { Recipe, RecipeContext } from "../../tasks/recipe.ts";
import { demo } from "../../tasks/recipes/demo.ts";
import { UsageError } from "../../tasks/usage_error.ts";
import { inFolder } from "../support/command_line.ts";
import { recorder } from "../support/recipes.ts";

function recorded(): { context: RecipeContext; text: () => string } {
  const { sink, text } = recorder();
  return { context: { sink, signal: new AbortController().signal }, text };
}

function optionsOf(out: string, some: Partial<Options>) {
  const tiny = { epochs: 1, batch: 16, width: 12, depth: 2, trainCount: 64, testCount: 32 };
  return { ...defaults, ...tiny, backend: "cpu", out, ...some };
}

/** A recipe that trains nothing and remembers what it was told. */
function listener(): { net: Recipe; told: (readonly string[])[] } {
  const told: (readonly string[])[] = [];
  const read = (args: readonly string[]) => (told.push(args), demo.read(args));
  return { net: { ...demo, read, run: () => Promise.resolve(130) }, told };
}

const shared = { sanitizeResources: false, sanitizeOps: false };

Deno.test({
  name: "compareIntegrators() trains each integrator once and prints one table",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "runs");
      const { context, text } = recorded();
      const some = { integrator: "bug,augmented-bug" };
      assertEquals(await compareIntegrators("some", demo, optionsOf(out, some), context), 0);
      for (const label of ["\ndense ", "\nbug ", "\naugmented-bug "]) {
        assertStringIncludes(text().split("network")!.at(-1)!, label);
      }
      const { summary } = await readRun(out);
      const cells = summary!.cells as { values: Record<string, string>; summary: unknown }[];
      assertEquals(cells.map((c) => c.values.method), ["dense", "bug", "augmented-bug"]);
    }),
});

Deno.test("compareIntegrators() takes every integrator there is, each with every seed", () =>
  inFolder(async (folder) => {
    const { net, told } = listener();
    const { context } = recorded();
    const options = optionsOf(join(folder, "runs"), { seeds: 2 });
    assertEquals(await compareIntegrators("all", net, options, context), 130);
    assertEquals(told.length, 2 * (1 + integrators.names().length));
    const seen = told.map((args) => args.find((a) => a.startsWith("--integrator=")));
    const wanted = integrators.names().map((name) => `--integrator=${name}`);
    assertEquals([...new Set(seen.slice(2))], wanted);
  }));

Deno.test("compareIntegrators() trains one integrator once, by whichever of its names", () =>
  inFolder(async (folder) => {
    const { net, told } = listener();
    const { context } = recorded();
    const some = { integrator: "geolora,parallel-bug", dense: false };
    await compareIntegrators("one", net, optionsOf(join(folder, "runs"), some), context);
    const seen = told.map((args) => args.find((a) => a.startsWith("--integrator=")));
    assertEquals(seen, ["--integrator=parallel-bug"]);
  }));

Deno.test("compareIntegrators() trains an integrator with the settings that it was given, in a run for each", () =>
  inFolder(async (folder) => {
    tunable(integrators, {
      name: "damped-test",
      description: "an integrator with a setting",
      defaults: { damping: 0.5 },
      limits: { damping: { min: 0, max: 1 } },
      make: () => augmentedBug,
    });
    const { net, told } = listener();
    const { context } = recorded();
    const integrator = "damped-test:damping=0.1,damped-test:damping=0.2,damped-test:damping=0.1";
    const some = { integrator, dense: false };
    await compareIntegrators("set", net, optionsOf(join(folder, "runs"), some), context);
    assertEquals(
      told.map((args) => args.find((a) => a.startsWith("--integrator="))),
      ["--integrator=damped-test:damping=0.1", "--integrator=damped-test:damping=0.2"],
    );
  }));

Deno.test("compareIntegrators() refuses integrators that are not there and --resume without --out", async () => {
  const { context } = recorded();
  await assertRejects(
    () => compareIntegrators("x", demo, optionsOf("runs/x", { integrator: "bugg" }), context),
    RangeError,
    'Cannot find integrator "bugg"',
  );
  await assertRejects(
    () => compareIntegrators("x", demo, optionsOf("", { resume: true }), context),
    UsageError,
    "Cannot resume: name the folder of the runs with --out DIR",
  );
});
