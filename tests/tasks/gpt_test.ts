/** The recipe of small GPTs, and what its runs write. */

import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { readRun } from "../../core/mod.ts";
import { generate } from "../../tasks/generate.ts";
import "../../tasks/recipes/mod.ts";
import { UsageError } from "../../tasks/usage_error.ts";
import { onBackend } from "../support/algebras.ts";
import { inFolder } from "../support/command_line.ts";
import { recorder, runRecipe } from "../support/recipes.ts";
import { writeTinyModel } from "../support/tiny_model.ts";

const shared = { sanitizeResources: false, sanitizeOps: false };
const SMALL = [
  "--backend=wasm",
  "--threads=1",
  "--width=32",
  "--heads=2",
  "--blocks=1",
  "--batch=16",
];

/** A text that tells what comes next. */
const TEXT = "the quick brown fox jumps over the lazy dog. ".repeat(1200);

async function onText(folder: string, ...args: string[]) {
  const path = join(folder, "text.txt");
  await Deno.writeTextFile(path, TEXT);
  const out = join(folder, "run");
  const { code, text } = await runRecipe("gpt", [
    ...[...SMALL, `--data=${path}`, "--dataset=text:validation=512", "--context=24"],
    ...[`--out=${out}`, ...args],
  ]);
  assertEquals(code, 0, text);
  return { out, text };
}

Deno.test({
  ...await onBackend(
    "wasm",
    "gpt learns a text with factors by integrators, beside its dense twin, and writes it",
  ),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const attention = "tucker:heads=2,query=12,key=8";
      const { out, text } = await onText(
        folder,
        ...["--steps=100", "--measure-every=50", "--warmup=10", "--learning-rate=1e-2"],
        ...[`--attention=${attention}`, "--format=low-rank", "--rank=12", "--baseline"],
      );
      assertStringIncludes(text, "writes: ");
      const { summary, baseline } = await readRun(out);
      // By the frequencies of its letters alone the text takes four bits.
      assertLess(summary!.testBitsPerByte as number, 1);
      assertLess(baseline!.summary!.testBitsPerByte as number, 1);
      assertLess(summary!.parameters, baseline!.summary!.parameters);
      assertEquals(summary!.cacheBytesPerToken, 4 * 2 * 8);
      assertEquals(baseline!.summary!.cacheBytesPerToken, 4 * 2 * 32);
      assertEquals(summary!.ranks["block1.attention.query.weight/mode0"], 12);
      assertEquals(summary!.ranks["block1.mlp.up.weight"], 12);

      const { sink, text: written } = recorder();
      const options = ["--prompt=the quick ", "--temperature=0", "--tokens=14", "--backend=wasm"];
      assertEquals(await generate([out, ...options], sink), 0);
      assertStringIncludes(written(), "the quick brown fox");
      assertStringIncludes(written(), "64 bytes of cache a token");
      assertStringIncludes(written(), "14 tokens, ");
    }),
});

Deno.test({
  ...await onBackend("wasm", "gpt changes ranks where it is to, and goes on with a run"),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const attention = "tucker:heads=2,query=12,key=8,adaptive=true";
      const args = [
        ...["--measure-every=4", "--warmup=2", `--attention=${attention}`, "--adaptive"],
        ...["--format=low-rank", "--rank=12", "--tolerance=0.3"],
      ];
      const { out } = await onText(folder, "--steps=8", ...args);
      const { summary } = await readRun(out);
      assertLess(summary!.ranks["block1.attention.query.weight/mode0"]!, 12);
      assertGreater(summary!.ranks["block1.attention.query.weight/mode0"]!, 0);
      const again = await runRecipe("gpt", [
        ...SMALL,
        ...[`--data=${join(folder, "text.txt")}`, "--dataset=text:validation=512"],
        ...["--context=24", "--steps=8", ...args, `--out=${out}`, "--resume"],
      ]);
      assertEquals(again.code, 0, again.text);
      assertEquals((await readRun(out)).summary!.testLoss, summary!.testLoss);
    }),
});

Deno.test({
  ...await onBackend("wasm", "gpt moves its matrices by the mover that is named, with settings"),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const loss = async (...args: string[]) => {
        const common = ["--steps=3", "--warmup=0", "--format=relora", "--rank=2"];
        const { out } = await onText(folder, ...common, ...args);
        const { testLoss } = (await readRun(out)).summary!;
        await Deno.remove(out, { recursive: true });
        return testLoss;
      };
      const own = await loss();
      assertEquals(await loss("--mover=merging:period=100,warmup=10"), own);
      assertNotEquals(await loss("--mover=merging:period=1,warmup=0"), own);
    }),
});

Deno.test({
  ...await onBackend(
    "wasm",
    "gpt starts with Tucker attention from a dense run, and tells the loss before and after",
  ),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const common = ["--positions=learned", "--bias", "--warmup=2", "--learning-rate=1e-2"];
      const { out: dense } = await onText(folder, "--steps=20", "--measure-every=20", ...common);
      const run = (...args: string[]) =>
        runRecipe("gpt", [
          ...[...SMALL, `--data=${join(folder, "text.txt")}`, "--dataset=text:validation=512"],
          ...["--context=24", "--steps=1", ...args, `--start=${dense}`],
        ]);
      const from = async (attention: string, name: string) => {
        const own = [`--attention=${attention}`, `--out=${join(folder, name)}`];
        const { code, text } = await run(...common, ...own);
        assertEquals(code, 0, text);
        const [, before, after] = text.match(/loss (\S+), in the form of this run (\S+)/)!;
        return [Number(before), Number(after)] as const;
      };
      const known = (await readRun(dense)).summary!.testLoss;
      const [before, after] = await from("tucker:heads=2,query=32,key=32", "whole");
      assertAlmostEquals(before, known, 1e-3);
      assertAlmostEquals(after, before, 1e-3);
      const [, less] = await from("tucker:heads=2,query=6,key=4", "small");
      assertGreater(less, after + 1e-3);
      assertAlmostEquals((await from("mha", "same"))[1], before, 1e-4);
      await assertRejects(
        () => run("--bias", "--attention=tucker:heads=2,query=8,key=8", `--out=${folder}/no`),
        UsageError,
        'expected positions "rotary", got others',
      );
    }),
});

Deno.test({
  ...await onBackend(
    "wasm",
    "attention runs each kind, and tells its parameters, loss, time and cache",
  ),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const path = join(folder, "text.txt");
      await Deno.writeTextFile(path, TEXT);
      const tucker = "tucker:heads=2,query=8,key=4";
      const args = [
        ...[
          "--backend=wasm",
          "--threads=1",
          "--width=16",
          "--blocks=1",
          "--batch=4",
          "--context=8",
        ],
        ...[`--data=${path}`, "--dataset=text:validation=64", "--steps=2", "--warmup=1"],
        ...[`--kinds=mha,${tucker},shared=true`, `--out=${join(folder, "study")}`],
      ];
      const { code, text } = await runRecipe("attention", args);
      assertEquals(code, 0, text);
      const table = text.slice(text.indexOf("cache, bytes a token"));
      assertEquals(table.match(/mha 1 .*/)?.[0].split(/\s+/).at(-1), "128");
      assertEquals(table.match(/tucker.*/)?.[0].trim().split(/\s+/).at(-1), "16");
      assertStringIncludes(await Deno.readTextFile(join(folder, "study", "report.html")), "<svg");
    }),
});

Deno.test({
  ...await onBackend(
    "wasm",
    "vit trains low-rank blocks with Tucker attention beside a dense twin with mha",
  ),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "run");
      const { code, text } = await runRecipe("vit", [
        ...["--backend=wasm", "--threads=1", "--dataset=blobs", "--train-count=96"],
        ...["--test-count=24", "--epochs=12", "--batch=16", "--patch=2", "--size=16", "--heads=2"],
        ...["--blocks=1", "--attention=tucker:heads=2,query=8,key=8", "--rank=6", "--warmup=4"],
        ...["--learning-rate=1e-2", "--baseline-learning-rate=1e-2", "--baseline", `--out=${out}`],
      ]);
      assertEquals(code, 0, text);
      const { summary, baseline } = await readRun(out);
      assertGreater(summary!.testAccuracy as number, 0.8);
      assertGreater(baseline!.summary!.testAccuracy as number, 0.8);
      assertLess(summary!.parameters, baseline!.summary!.parameters);
    }),
});

Deno.test({
  ...await onBackend("wasm", "generate refuses what is no language model on a text, by name"),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "puzzle");
      await runRecipe("gpt", [
        ...[...SMALL, "--dataset=copy", "--train-count=32", "--test-count=8", "--steps=1"],
        `--out=${out}`,
      ]);
      await assertRejects(() => generate([out], recorder().sink), UsageError, 'on "copy"');
      await assertRejects(
        () => generate([], recorder().sink),
        UsageError,
        "expected the folder of a run",
      );
      await assertRejects(
        () => generate([join(folder, "none")], recorder().sink),
        Error,
        "Cannot ",
      );
    }),
});

Deno.test({
  ...await onBackend(
    "wasm",
    "generate goes on with the model of another library, by its tokenizer",
  ),
  ...shared,
  fn: () =>
    inFolder(async (parent) => {
      const folder = join(parent, "model");
      await writeTinyModel(folder);
      const { sink, text } = recorder();
      assertEquals(
        await generate([folder, "--prompt=abc", "--tokens=3", "--backend=wasm"], sink),
        0,
      );
      assertStringIncludes(text(), "3 tokens, ");
    }),
});
