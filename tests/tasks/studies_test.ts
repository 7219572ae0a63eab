/** Studies that were told to end go on where they were, and end as if they had not been. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { findRun } from "../../core/mod.ts";
import { recipes, UsageError } from "../../tasks/mod.ts";
import { inFolder } from "../support/command_line.ts";
import { recorder } from "../support/recipes.ts";

const shared = { sanitizeResources: false, sanitizeOps: false };

/** Small studies of two parts each, and what they write between the parts. */
const STUDIES: readonly [recipe: string, args: string, between: RegExp][] = [
  [
    "integrators",
    "--problem riccati --integrator all --steps 4 --halvings 1",
    /\(3 of/,
  ],
  ["windowing", "--problem all --periods 16", /\n\n/],
  ["flow", "--grids 15,16 --time 4 --settle 1 --length 8 --threads 1", /^15 cells/m],
  [
    "shape",
    "--windows square,bump --steps 1 --resolution 8 --reynolds 50 --length 8 --transient 1 " +
    "--horizon 1 --parameters 2 --threads 1",
    /^bump/m,
  ],
];

/** Runs a recipe and stops it as soon as its text matches. */
async function runUntil(
  recipe: string,
  args: readonly string[],
  pattern: RegExp,
): Promise<{ code: number; text: string }> {
  const controller = new AbortController();
  const { sink, text } = recorder();
  const write = (s: string): void => {
    sink.write(s);
    if (pattern.test(text())) controller.abort();
  };
  const context = { sink: { ...sink, write }, signal: controller.signal };
  return { code: await recipes.get(recipe).run(args, context), text: text() };
}

/** Everything that was found, without the times that it took. */
function timeless(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, v) => /seconds/i.test(key) ? undefined : v));
}

for (const [recipe, args, between] of STUDIES) {
  Deno.test({
    name: `the study ${recipe} goes on where it was told to end`,
    ...shared,
    fn: () =>
      inFolder(async (folder) => {
        const never = /(?!)/;
        const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
        const all = args.split(" ");
        assertEquals((await runUntil(recipe, [...all, "--out", whole], never)).code, 0);
        const { code, text } = await runUntil(recipe, [...all, "--out", parts], between);
        assertEquals(code, 130, text);
        assertStringIncludes(text, `deno task train ${recipe} --out ${parts} --resume\n`);
        const saved = [...Deno.readDirSync(join(parts, "parts"))].map(({ name }) => name);
        const times = () => saved.map((name) => Deno.statSync(join(parts, "parts", name)).mtime);
        const before = times();
        assert(saved.length > 0);
        const again = await runUntil(recipe, [...all, "--out", parts, "--resume"], never);
        assertEquals(again.code, 0, again.text);
        assertEquals(times(), before, "what was finished is not computed again");
        const of = async (path: string) => timeless((await findRun(path))!.summary);
        assertEquals(await of(parts), await of(whole));
      }),
  });
}

Deno.test({
  name: "a study is resumed where there is one, with its settings, and refuses damaged parts",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const run = (...more: string[]) =>
        runUntil(
          "windowing",
          ["--problem", "all", "--periods", "16", ...more],
          /\n\n/,
        );
      await assertRejects(
        () => run("--resume"),
        UsageError,
        "Cannot resume: name the folder of the study with --out DIR",
      );
      await assertRejects(
        () => run("--resume", "--out", out),
        Error,
        `Cannot resume a run in ${out}: expected a config.json there`,
      );
      assertEquals((await run("--out", out)).code, 130);
      await assertRejects(
        () => run("--resume", "--out", out, "--tolerance", "0.1"),
        Error,
        "got other values of tolerance (0.0001, now 0.1)",
      );
      const [part] = [...Deno.readDirSync(join(out, "parts"))];
      const file = join(out, "parts", part!.name);
      await Deno.writeTextFile(file, "not a record");
      const error = await assertRejects(() => run("--resume", "--out", out), Error);
      assertMatch(error.message, /^Cannot read [^\n]*parts[^\n]*$/);
    }),
});
