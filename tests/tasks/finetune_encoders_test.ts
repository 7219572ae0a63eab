/** Adapters on encoders of other libraries: vision transformers, BERT, DeBERTa. */

import { assert, assertEquals, assertLess, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import {
  type ModelFolder,
  readAdapterFolder,
  readRun,
  type Summary,
  writeModelFolder,
} from "../../core/mod.ts";
import { asBert, asDeberta, asVit } from "../../layers/mod.ts";
import { recipes } from "../../tasks/recipe.ts";
import "../../tasks/recipes/mod.ts";
import { onBackend } from "../support/algebras.ts";
import { inFolder, runMain } from "../support/command_line.ts";
import { recorder, runRecipe } from "../support/recipes.ts";
import { modelOf, WORDS, wordTokenizer, writeTinyModel } from "../support/tiny_model.ts";

const shared = { sanitizeResources: false, sanitizeOps: false };
const COMMON = ["--backend=wasm", "--threads=1"];
const SIZES = { width: 8, heads: 2, blocks: 1, inner: 16 };

const tinyVit = () => modelOf(asVit({ ...SIZES, image: [8, 8, 3], patch: 4, classes: 3 }));
const tinyBert = () =>
  modelOf(asBert({ ...SIZES, vocabulary: WORDS.length, context: 8, classes: 2, deviation: 0.4 }));
const tinyDeberta = () =>
  modelOf(asDeberta({
    ...SIZES,
    ...{ vocabulary: WORDS.length, classes: 2, buckets: 4, farthest: 8 },
  }));

async function writeModel(folder: string, model: ModelFolder, files = {}): Promise<void> {
  await writeModelFolder(folder, model, { files: { "tokenizer.json": wordTokenizer(), ...files } });
}

/** Texts that one word makes good or bad. */
async function writeTexts(path: string, labels: readonly [unknown, unknown], count = 60) {
  const lines = Array.from({ length: count }, (_, i) => {
    const text = ["so ".repeat(i % 4), i % 3 ? "good" : "bad", " and it is".repeat(i % 2)].join("");
    return JSON.stringify({ text, label: labels[i % 3 ? 1 : 0] });
  });
  await Deno.writeTextFile(path, lines.join("\n"));
}

async function facts(path: string): Promise<Summary & Record<string, number>> {
  return (await readRun(path)).summary as Summary & Record<string, number>;
}

Deno.test({
  ...await onBackend(
    "wasm",
    "finetune puts adapters on a vision transformer: images in its size, a new head in the folder",
  ),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const [model, out] = [join(folder, "model"), join(folder, "run")];
      const mean = { "preprocessor_config.json": '{"image_mean": null, "do_normalize": true}' };
      await writeModel(model, await tinyVit(), mean);
      const { code, text } = await runRecipe("finetune", [
        ...[...COMMON, `--model=${model}`, "--dataset=blobs", "--train-count=160", `--out=${out}`],
        ...["--test-count=80", "--adapter=lora:rank=2", "--rates=3e-2", "--epochs=5", "--batch=16"],
      ]);
      assertEquals(code, 0, text);
      assertMatch(text, /New head for 4 classes/);
      const found = await facts(out);
      // Chance is log 4; the head has 8 inputs; the maps of the block are 4 of 8×8, 8×16 and 16×8.
      assertLess(found.testLoss, 1.2);
      assertEquals(found.trainedNumbers, 9 * 4 + 2 * (4 * 16 + 24 + 24));
      const adapter = await readAdapterFolder(`${out}/adapter`);
      assertEquals(adapter.config.values.modules_to_save, ["classifier"]);
      const head = adapter.tensors["base_model.model.classifier.weight"]!;
      // It starts at zero.
      assertEquals([head.shape, head.data.some((x) => Number(x) !== 0)], [[4, 8], true]);
    }),
});

Deno.test({
  ...await onBackend(
    "wasm",
    "finetune puts adapters on a BERT without a head, goes on where it was stopped, tells what is forgotten",
  ),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const path = (name: string) => join(folder, name);
      // As its library writes one that was trained on hidden words: no classifier, another head.
      const { config, tensors } = await tinyBert();
      const { "classifier.weight": _w, "classifier.bias": bias, ...trunk } = tensors;
      const older = Object.entries(trunk).map((
        [name, tensor],
      ) => [
        name.replace(/(Norm)\.weight$/, "$1.gamma").replace(/(Norm)\.bias$/, "$1.beta"),
        tensor,
      ]);
      const whole = { ...Object.fromEntries(older), "cls.predictions.bias": bias! };
      await writeModel(path("model"), { config, tensors: whole });
      await writeTexts(path("new.jsonl"), ["bad", "good"]);
      const argsOf = (out: string, model: string, ...more: readonly string[]) => [
        ...[...COMMON, `--model=${path(model)}`, `--data=${path("new.jsonl")}`, "--context=8"],
        ...["--adapter=lora:rank=4", "--rates=3e-2", "--batch=18", "--epochs=30"],
        ...[`--out=${path(out)}`, ...more],
      ];
      const run = (...args: Parameters<typeof argsOf>) => runRecipe("finetune", argsOf(...args));
      const stop = new AbortController();
      const { sink } = recorder();
      const write = (said: string) => /epoch +2\//.test(said) ? stop.abort() : undefined;
      const context = { sink: { ...sink, write }, signal: stop.signal };
      const stopped = await recipes.get("finetune").run(argsOf("stopped", "model"), context);
      assertEquals(stopped, 130);
      assertEquals((await run("stopped", "model", "--resume")).code, 0);
      const { code, text } = await run("run", "model");
      assertEquals(code, 0, text);
      const found = await facts(path("run"));
      assertEquals([found.testLoss, found.measures], [
        (await facts(path("stopped"))).testLoss,
        [{ name: "accuracy", better: "more", percent: true }],
      ]);
      assertLess(found.testLoss, 0.3);

      // The adapter and its head in the model that it is for, and that model on other texts.
      const merged = await runMain(
        ...["merge", "--model", path("model"), "--adapter", path("run/adapter")] as const,
        ...["--out", path("merged")],
      );
      assertEquals([merged.code, merged.err], [0, ""]);
      await writeTexts(path("old.jsonl"), ["bad", "good"], 30);
      await Deno.rename(path("new.jsonl"), path("first.jsonl"));
      await writeTexts(path("new.jsonl"), ["good", "bad"]);
      const next = await run("next", "merged", `--old=${path("old.jsonl")}`);
      assertEquals(next.code, 0, next.text);
      const after = await facts(path("next"));
      assertLess(after.oldLossBefore!, 0.3);
      assertLess(1, after.oldLoss!);
    }),
});

Deno.test({
  ...await onBackend("wasm", "finetune trains what a DeBERTa lacks between its trunk and classes"),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const { config, tensors } = await tinyDeberta();
      const isHead = (name: string) => /^(?:pooler|classifier)\./.test(name);
      const trunk = Object.entries(tensors).filter(([name]) => !isHead(name))
        .map(([name, tensor]) => [name.replace(/^deberta\./, ""), tensor] as const);
      const bare = { config, tensors: Object.fromEntries(trunk) };
      await writeModel(join(folder, "model"), bare);
      const [data, out] = [join(folder, "texts.jsonl"), join(folder, "run")];
      await writeTexts(data, [0, 1]);
      const { code, text } = await runRecipe("finetune", [
        ...[...COMMON, `--model=${folder}/model`, `--data=${data}`, "--context=8", "--steps=3"],
        ...["--adapter=lora:rank=2", "--rates=3e-2", "--batch=18", `--out=${out}`],
      ]);
      assertEquals(code, 0, text);
      const found = await facts(out);
      assertEquals(found.trainedNumbers, 9 * 2 + 9 * 8 + 2 * (4 * 16 + 24 + 24));
      const adapter = await readAdapterFolder(`${out}/adapter`);
      assertEquals(adapter.config.values.modules_to_save, ["classifier", "pooler.dense"]);
      assertEquals(adapter.config.values.task_type, "SEQ_CLS");
      assert(
        (adapter.config.values.target_modules as readonly string[])[0]!.startsWith("deberta."),
      );
    }),
});

Deno.test({
  ...await onBackend("wasm", "finetune refuses what encoders cannot do in one sentence"),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const path = (name: string) => join(folder, name);
      await writeModel(path("vit"), await tinyVit());
      await writeModel(path("grey"), await tinyVit(), {
        "preprocessor_config.json": '{"image_mean": [0.5], "image_std": [0.5]}',
      });
      await writeModel(path("bert"), await tinyBert());
      const narrow = asBert({ ...SIZES, vocabulary: 4, context: 8, classes: 2 });
      await writeModel(path("narrow"), await modelOf(narrow));
      await writeTinyModel(path("gpt"));
      await writeTexts(path("texts.jsonl"), ["LABEL_0", "LABEL_1"]);
      await writeTexts(path("others.jsonl"), ["c", "d"]);
      await Deno.writeTextFile(path("plain.txt"), "abc\n".repeat(20));
      const texts = ["--context=8", `--data=${path("texts.jsonl")}`];
      const rows: readonly [string, readonly string[], string][] = [
        [
          "vit",
          texts,
          'expected a model of texts, got one of type "vit"; name images with --dataset',
        ],
        ["bert", ["--dataset=blobs"], 'expected a model of images, got one of type "bert"'],
        [
          "gpt",
          ["--dataset=blobs"],
          'expected an encoder with a classifier, got a model of type "gpt2"',
        ],
        ["grey", ["--dataset=blobs"], 'expected 3 numbers "image_mean", got 1'],
        ["bert", ["--context=8"], "expected --data FILE of lines"],
        ["bert", texts.slice(1), "expected --context of at most 8, got 64"],
        ["narrow", texts, "expected a tokenizer of at most 4 tokens, as its table has, got 10"],
        [
          "bert",
          ["--context=8", `--data=${path("plain.txt")}`],
          "plain.txt, line 1: expected JSON",
        ],
        [
          "bert",
          [...texts, `--old=${path("others.jsonl")}`],
          "expected labels LABEL_0, LABEL_1, got c, d",
        ],
      ];
      for (const [model, args, message] of rows) {
        const own = [...COMMON, `--model=${path(model)}`, `--out=${path("run")}`, "--rates=1e-3"];
        await assertRejects(() => runRecipe("finetune", [...own, ...args]), Error, message);
      }
    }),
});
