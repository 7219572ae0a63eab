/** A recipe whose task, network and loop are its own: what it learns is known in closed form. */

import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Random, readRecord, readRun } from "../../core/mod.ts";
import { sentenceEntropy, sentences } from "../../tasks/characters/sentences.ts";
import { recipes } from "../../tasks/recipe.ts";
import "../../tasks/recipes/mod.ts";
import { UsageError } from "../../tasks/usage_error.ts";
import { onBackend } from "../support/algebras.ts";
import { inFolder } from "../support/command_line.ts";
import { recorder, runRecipe } from "../support/recipes.ts";

const shared = { sanitizeResources: false, sanitizeOps: false };
const TINY = ["--backend=cpu", "--sentences=12", "--context=5", "--width=12", "--rank=4"];

Deno.test("sentences() draws every word as often as the others, so its entropy is that of the draws", () => {
  const count = 4000;
  const text = sentences(count, new Random(3));
  const lines = text.trimEnd().split("\n").map((line) => line.slice(0, -1).split(" "));
  const counts = new Map<string, number>();
  for (const words of lines) {
    for (const [place, word] of words.entries()) {
      counts.set(`${place} ${word}`, (counts.get(`${place} ${word}`) ?? 0) + 1);
    }
  }
  const shares = [...counts.values()].map((n) => n / count).filter((share) => share < 1);
  assertEquals(shares.length, 5 * 8);
  for (const share of shares) assertAlmostEquals(share, 1 / 8, 5 * Math.sqrt(7 / 64 / count));
  const bits = -shares.reduce((sum, p) => sum + p * Math.log2(p), 0);
  assertAlmostEquals(bits * count / text.length, sentenceEntropy(), 0.002);
});

Deno.test({
  ...await onBackend(
    "wasm",
    "characters comes near the entropy of its sentences, and not below",
  ),
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const size = ["--sentences=600", "--context=16", "--width=96", "--rank=24"];
      const { code, text } = await runRecipe("characters", [
        ...["--backend=wasm", `--out=${out}`, ...size, "--epochs=4", "--batch=48"],
      ]);
      assertEquals(code, 0, text);
      const { summary, baseline, metrics } = await readRun(out);
      for (const found of [summary!, baseline!.summary!]) {
        // The sentences that were kept back are a sample; what is left is not learnt yet.
        assertGreater(found.testBits as number, 0.97 * sentenceEntropy());
        assertLess(found.testBits as number, 1.25 * sentenceEntropy());
      }
      assertGreater(summary!.compression, 25);
      assertLess(Object.values(summary!.ranks).at(-1)!, 64);
      assertEquals(metrics.at(-1)!.step, summary!.steps);
      assertMatch(
        text,
        /writes: .*\b(kettle|ladder|mirror|basket|violin|anchor|window|lantern)\b/,
      );
      const page = await Deno.readTextFile(join(out, "report.html"));
      assertStringIncludes(page, "reaches a test bits of");
    }),
});

Deno.test({
  name: "characters that was interrupted ends with the bits of a run that was not",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
      const args = [...TINY, "--epochs=3", "--batch=32"];
      assertEquals((await runRecipe("characters", [...args, `--out=${whole}`])).code, 0);
      const controller = new AbortController();
      const { sink, text } = recorder();
      const write = (part: string): void => {
        sink.write(part);
        if (/epoch 1\/3/.test(part)) controller.abort();
      };
      const context = { sink: { ...sink, write }, signal: controller.signal };
      const code = await recipes.get("characters").run([...args, `--out=${parts}`], context);
      assertEquals(code, 130, text());
      assertStringIncludes(text(), `deno task train characters --out ${parts} --resume`);
      await runRecipe("characters", [...args, `--out=${parts}`, "--resume"]);
      for (const sub of ["", "baseline"]) {
        const [expected, got] = await Promise.all([whole, parts].map(async (path) => {
          const { seconds: _, secondsPerStep: _s, ...record } = await readRecord(
            join(path, sub, "checkpoint.safetensors"),
          );
          return record;
        }));
        assertEquals(got, expected);
      }
    }),
});

Deno.test({
  name:
    "characters learns from a file, packed or not, and says what it needs where that is too short",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const [data, out] = [join(folder, "text.txt"), join(folder, "run")];
      const args = [...TINY, "--epochs=1", "--batch=32", `--data=${data}`, `--out=${out}`];
      const run = () => runRecipe("characters", args);
      await assertRejects(run, Error, `Cannot read ${data}: `);
      await Deno.writeTextFile(data, "abc".repeat(10));
      await assertRejects(run, UsageError, "expected 60 characters or more for --context 5");
      await assertRejects(() => Deno.stat(out), Deno.errors.NotFound);
      await Deno.writeFile(data, Uint8Array.of(0xff));
      await assertRejects(run, Error, `Cannot read text from ${data}: expected UTF-8`);
      await Deno.writeFile(data, gzipSync("äöü\n".repeat(60)));
      const { code, text } = await run();
      assertEquals(code, 0, text);
      assertEquals((await readRun(out)).config.dataset!.name, data);
      await assertRejects(
        () => runRecipe("characters", [...TINY, "--resume"]),
        UsageError,
        "Cannot resume: name the folder of the run with --out DIR",
      );
    }),
});
