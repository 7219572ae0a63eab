/** The recipe that puts adapters on trained networks, and what it writes. */

import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import {
  mergedTensors,
  readAdapterFolder,
  readModelFolder,
  readRun,
  type Summary,
} from "../../core/mod.ts";
import { pretrainedBase } from "../../layers/mod.ts";
import { changes } from "../../tasks/changes.ts";
import { finetuneTable } from "../../tasks/finetune/table.ts";
import "../../tasks/recipes/mod.ts";
import type { CellResult } from "../../tasks/sweep/results.ts";
import { UsageError } from "../../tasks/usage_error.ts";
import { onBackend } from "../support/algebras.ts";
import { inFolder } from "../support/command_line.ts";
import { recorder, runRecipe } from "../support/recipes.ts";
import { writeTinyModel } from "../support/tiny_model.ts";

const shared = { sanitizeResources: false, sanitizeOps: false };
const COMMON = ["--backend=wasm", "--threads=1"];

async function facts(path: string): Promise<Summary & Record<string, number>> {
  return (await readRun(path)).summary as Summary & Record<string, number>;
}

Deno.test({
  ...await onBackend(
    "wasm",
    "finetune compares adapters on a language model, and PEFT can read them",
  ),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const [model, data, old, out] = ["model", "new.txt", "old.txt", "run"].map((name) =>
        join(folder, name)
      );
      await writeTinyModel(model!);
      await Deno.writeTextFile(data!, "abc".repeat(400));
      await Deno.writeTextFile(old!, "acb".repeat(100));
      const args = [
        ...[...COMMON, `--model=${model}`, `--data=${data}`, `--old=${old}`, `--out=${out}`],
        ...["--adapter=lora:rank=2,geolora:rank=2,lora:rank=2", "--rates=3e-2", "--context=8"],
        ...["--repeats=2"],
        ...["--batch=16", "--steps=30"],
      ];
      const { code, text } = await runRecipe("finetune", args);
      assertEquals(code, 0, text);
      assertMatch(text, /\nlora:rank=2 +\d\.\d+ ± \d\S* .* \d+ +2 +\d\.\d+ → \d\.\d+/);
      assertMatch(text, /\ngeolora:rank=2 +\d/);
      assertStringIncludes(text, "geolora folded into LoRA of ranks");

      const read = await readModelFolder(model!);
      const base = pretrainedBase(read);
      for (const name of ["lora-rank-2", "geolora-rank-2"]) {
        const path = `${out}/adapter-${name}_rate-0.03`;
        const found = await facts(path);
        // By chance it is log 4.
        assertLess(found.testLoss, 1.36);
        // 24, 8, 32 and 8 columns beside 8, 8, 8 and 32 rows.
        if (name.startsWith("lora")) assertEquals(found.trainedNumbers, 2 * (32 + 16 + 40 + 40));
        assert(found.oldLossBefore! > 0 && found.oldLoss! > 0 && found.peakBytes! > 0);
        const adapter = await readAdapterFolder(`${path}/adapter`);
        assertEquals(adapter.config.values.task_type, "CAUSAL_LM");
        const merged = await mergedTensors(base, adapter);
        const touched = Object.keys(merged).filter((key) => merged[key] !== read.tensors[key]);
        assertEquals(touched.length, 4);
      }
      assertEquals((await readRun(`${out}/adapter-lora-rank-2_rate-0.03_seed-2`)).config.seed, 2);
      // What is finished is not run again.
      const again = await runRecipe("finetune", [...args, "--resume"]);
      assertEquals(again.text.match(/finished before/g)?.length, 4);
    }),
});

Deno.test({
  ...await onBackend("wasm", "finetune moves a run on drawn digits to the same with other pixels"),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const [before, out] = [join(folder, "before"), join(folder, "run")];
      const small = ["--train-count=600", "--test-count=200", "--epochs=2"];
      const first = await runRecipe("demo", [
        ...[...COMMON, ...small, "--method=dense", "--no-baseline", "--width=32", "--depth=3"],
        ...["--batch=32", `--out=${before}`],
      ]);
      assertEquals(first.code, 0, first.text);
      const { code, text } = await runRecipe("finetune", [
        ...[...COMMON, ...small, `--model=${before}`, "--dataset=digits", "--permute"],
        ...["--adapter=full,head,lora:rank=2", "--rates=1e-2", `--out=${out}`],
      ]);
      assertEquals(code, 0, text);
      const [full, head, lora] = await Promise.all(
        ["full", "head", "lora-rank-2"].map((name) => facts(`${out}/adapter-${name}_rate-0.01`)),
      );
      const classifier = 32 * 10 + 10;
      assertEquals(head!.trainedNumbers, classifier);
      assertEquals(lora!.trainedNumbers, classifier + 2 * (784 + 32 + 32 + 32));
      assertEquals(full!.trainedNumbers, full!.parameters);
      assertLess(full!.testLoss, head!.testLoss);
      assertLess(lora!.oldLossBefore!, lora!.oldLoss!);
      assertEquals(lora!.oldLossBefore, full!.oldLossBefore);
      assertEquals(lora!.ranks, { "dense1.weight": 2, "dense2.weight": 2 });

      const told = async (...folders: readonly string[]) => {
        const { sink, text } = recorder();
        assertEquals(await changes(folders, sink), 0);
        return text();
      };
      const rowsOf = (table: string) => table.match(/^ *\S+\.weight/gm)?.map((name) => name.trim());
      const byLora = await told(before, `${out}/adapter-lora-rank-2_rate-0.01`);
      assertEquals(rowsOf(byLora), ["dense1.weight", "dense2.weight", "classifier.weight"]);
      // Effective ranks are at most those of the increments.
      for (const layer of ["dense1", "dense2"]) {
        const rank = new RegExp(`${layer}\\.weight +\\d+ +\\d+\\.\\d\\d % +([\\d.]+)`).exec(
          byLora,
        )!;
        assert(Number(rank[1]) >= 1 && Number(rank[1]) <= 2, byLora);
      }
      const byHead = await told(before, `${out}/adapter-head_rate-0.01`);
      assertEquals(rowsOf(byHead), ["classifier.weight"]);
      assertEquals(await told(before, before), "No matrix differs.\n");
      const again = [`--model=${out}/adapter-head_rate-0.01`, "--dataset=digits", "--rates=1"];
      await assertRejects(
        () => runRecipe("finetune", again),
        UsageError,
        'such as one of deno task demo, got one of "finetune"',
      );
      await writeTinyModel(join(folder, "model"));
      await assertRejects(
        () => told(before, join(folder, "model")),
        UsageError,
        "expected two models of one kind",
      );
    }),
});

Deno.test({
  ...await onBackend(
    "wasm",
    "finetune moves the run of a GPT of low rank to another text, and tells what it forgets of its own",
  ),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const [old, data, before, out] = ["old.txt", "new.txt", "before", "run"].map((name) =>
        join(folder, name)
      );
      await Deno.writeTextFile(old!, "acb".repeat(200));
      await Deno.writeTextFile(data!, "abc".repeat(200));
      const first = await runRecipe("gpt", [
        ...[...COMMON, `--data=${old}`, "--context=8", "--width=16", "--heads=2", "--blocks=1"],
        ...["--format=factored-low-rank", "--rank=8", "--steps=80", "--batch=16", "--warmup=2"],
        "--learning-rate=1e-2",
        `--out=${before}`,
      ]);
      assertEquals(first.code, 0, first.text);
      const { code, text } = await runRecipe("finetune", [
        ...[...COMMON, `--model=${before}`, `--data=${data}`, `--out=${out}`, "--context=8"],
        ...["--adapter=lora:rank=2", "--rates=3e-2", "--batch=16", "--steps=30"],
      ]);
      assertEquals(code, 0, text);
      const found = await facts(out!);
      // The whole weights of the run are the start: on its own text it is as good as the run was.
      const known = (await facts(before!)).testLoss;
      assertLess(Math.abs(found.oldLossBefore! - known), 1e-4 * known);
      assertLess(found.oldLossBefore!, found.oldLoss!);
      assertLess(found.testLoss, found.oldLoss!);
    }),
});

Deno.test({
  ...await onBackend("wasm", "LoRA on a matrix comes to the least loss of its rank, which is said"),
  ...shared,
  fn: () =>
    inFolder(async (out) => {
      const { code, text } = await runRecipe("finetune", [
        ...[...COMMON, "--dataset=matrix", "--size=8", "--adapter=lora:rank=2"],
        ...["--rates=3e-2", "--steps=400", `--out=${out}/run`],
      ]);
      assertEquals(code, 0, text);
      const least = Number(/^Least loss by rank: .*2: ([\d.e-]+)/m.exec(text)![1]);
      const { testLoss } = await facts(`${out}/run`);
      assert(testLoss > 0.99 * least && testLoss < 1.05 * least, `${testLoss}, ${least}`);
    }),
});

Deno.test({
  ...await onBackend("wasm", "finetune takes the gradient that LoRA-SB starts from"),
  ...shared,
  fn: () =>
    inFolder(async (out) => {
      const { code, text } = await runRecipe("finetune", [
        ...[...COMMON, "--dataset=matrix", "--size=8", "--adapter=lora-sb:rank=8", "--batch=8"],
        ...["--rates=3e-2", "--steps=100", `--out=${out}/run`],
      ]);
      assertEquals(code, 0, text);
      // At first it is 1/8; a core of full rank can take all of it away.
      assertLess((await facts(`${out}/run`)).testLoss, 0.1 / 8);
    }),
});

Deno.test("the table shows each adapter at its best step size, with a star where others might be better", () => {
  const result = (way: string, rate: number, testLoss?: number): CellResult => ({
    ...{ folder: "", values: { way, rate: `${rate}` } },
    ...testLoss === undefined ? { failure: "Training diverged" } : {
      summary: {
        ...{ testLoss, measures: [{ name: "loss", better: "less" }], ranks: { a: 2, b: 7 } },
        ...{ secondsPerStep: 0.0123, seconds: 4, trainedNumbers: 1234, peakBytes: 2 ** 21 },
        ...{ oldLossBefore: 0.5, oldLoss: 0.75 },
      } as unknown as Summary,
    },
  });
  const table = finetuneTable([
    ...[result("lora", 1e-3, 0.4), result("lora", 3e-3, 0.3), result("lora", 1e-2, 0.35)],
    ...[result("vera", 1e-3, 0.4), result("vera", 3e-3), result("head", 1e-3)],
  ]);
  assertMatch(table, /lora +0\.3\S* +0\.003 +1,234 +2–7 +0\.500 → 0\.750 +12\.3 ms +4\S* s +2 MiB/);
  assertMatch(table, /vera +0\.4\S* +0\.001 \*/);
  assertMatch(table, /head +diverged +0\.001/);

  const again = (seed: string, testLoss: number) => {
    const one = result("lora", 3e-3, testLoss);
    return { ...one, values: { ...one.values, seed } };
  };
  const repeated = finetuneTable([result("lora", 3e-3, 0.3), again("2", 0.5), again("3", 0.4)]);
  assertMatch(repeated, /lora +0\.4\S* ± 0\.1\S* +0\.003 +1,234/);
});

Deno.test("finetune refuses what it cannot do in one sentence", async () => {
  await inFolder(async (folder) => {
    const model = join(folder, "model");
    await writeTinyModel(model);
    await Deno.writeTextFile(join(folder, "text.txt"), "abc".repeat(100));
    const own = [...COMMON, "--rates=1e-3", `--out=${folder}/run`];
    const data = `--data=${folder}/text.txt`;
    const rows: readonly [readonly string[], string][] = [
      [[], "Cannot fine-tune: expected --model DIR"],
      [[`--model=${model}`, "--context=8"], "Cannot learn from a text: expected --data FILE"],
      [[`--model=${model}`, data, "--context=9"], "expected --context of at most 8, got 9"],
      [[`--model=${model}`, data, "--adapter=lorra"], 'did you mean "lora"'],
      [
        [`--model=${model}`, data, "--context=8", "--target=blok*"],
        'Cannot set --target to "blok*": no matrix is called so, ',
      ],
      [[`--model=${model}`, data, "--context=8", "--adapter=head"], "Cannot train the head alone"],
      [[`--model=${model}`, data, "--adapter=,"], 'expected one choice at least, got ","'],
      [[`--model=${model}`, data, "--permute"], "on a text: --permute is for images"],
      [["--dataset=digits", `--model=${model}`, "--size=8"], "on images: --size is for a matrix"],
      [["--dataset=matrix", `--model=${model}`], "on a matrix: --model is for a text or images"],
      [
        ["--dataset=matrix", "--target-rank=25"],
        "Cannot set --target-rank: expected at most --size, which is 24, got 25",
      ],
      [["--dataset=matrix", "--size=1000000"], "expected a whole number from 2 to 4096"],
    ];
    for (const [args, message] of rows) {
      await assertRejects(() => runRecipe("finetune", [...own, ...args]), Error, message);
    }
    await assertRejects(
      () => runRecipe("finetune", ["--model=x", "--resume"]),
      UsageError,
      "--out",
    );
  });
});
