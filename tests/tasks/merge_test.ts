/** The commands `merge` and `changes`. */

import {
  assertEquals,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  mergedTensors,
  readAdapterFolder,
  readModelFolder,
  writeAdapterFolder,
  writeModelFolder,
} from "../../core/mod.ts";
import { pretrainedBase } from "../../layers/mod.ts";
import { changes } from "../../tasks/changes.ts";
import { merge } from "../../tasks/merge.ts";
import type { TextSink } from "../../tasks/terminal/mod.ts";
import { adapterOf, BASE, UP } from "../support/adapter_folders.ts";
import { inFolder, runMain } from "../support/command_line.ts";
import { recorder } from "../support/recipes.ts";
import { difference } from "../support/reference_models.ts";

type Command = (args: readonly string[], sink: TextSink) => Promise<number>;
const commands: Readonly<Record<string, Command>> = { merge, changes };

const lora = { peft_type: "LORA", r: 2, target_modules: ["block.0.up"] };
const factors = { [`${UP}.lora_A.weight`]: [2, 4], [`${UP}.lora_B.weight`]: [6, 2] };

Deno.test("merge writes a model, one adapter for several, and takes one out; changes tells what they did", async () => {
  await inFolder(async (folder) => {
    const [model, one, two] = ["model", "one", "two"].map((name) => `${folder}/${name}`);
    await writeModelFolder(model!, BASE, { files: { "tokenizer.json": "{}" } });
    await writeAdapterFolder(one!, adapterOf(lora, factors));
    await writeAdapterFolder(two!, adapterOf({ ...lora, lora_alpha: 2 }, factors));
    const run = async (...args: string[]) => {
      const { code, out, err } = await runMain("merge", "--model", model!, ...args);
      assertEquals([code, err], [0, ""]);
      return out;
    };
    const merged = `${folder}/merged`;
    const out = await run("--adapter", one!, "--out", merged);
    assertMatch(out, /^1 of 6 tensors changed, their entries by \S+ at most, in float32\./);
    assertEquals(await Deno.readTextFile(`${merged}/tokenizer.json`), "{}");
    const found = await readModelFolder(merged);
    const adapter = await readAdapterFolder(one!);
    const expected = await mergedTensors(pretrainedBase(BASE), adapter);
    assertEquals(found.tensors["block.0.up.weight"]!.data, expected["block.0.up.weight"]!.data);

    const back = `${folder}/back`;
    const unmerged = ["--model", merged, "--adapter", one!, "--out", back, "--unmerge"];
    assertEquals((await runMain("merge", ...unmerged)).code, 0);
    const again = await readModelFolder(back);
    const own = BASE.tensors["block.0.up.weight"]!.data as Float32Array;
    assertLess(difference(again.tensors["block.0.up.weight"]!.data, own), 1e-5);

    const sum = `${folder}/sum`;
    const both = ["--adapter", `${one},${two}`, "--weights", "0.5,1", "--rank", "2"];
    assertMatch(await run(...both, "--out", sum), /block\.0\.up +2 +0\.00 %/);
    assertEquals((await readAdapterFolder(sum)).config.values.r, 2);

    const told = await runMain("changes", model!, merged);
    assertEquals([told.code, told.err], [0, ""]);
    assertMatch(told.out, /block\.0\.up\.weight +\d+ +\d+\.\d\d % +[12]\.\d/);
    assertStringIncludes(told.out, "intruder dimensions in all");
    assertEquals((await runMain("changes", model!, model!)).out, "No matrix differs.\n");
  });
});

Deno.test("merge and changes refuse what is missing or wrong in one line, and write nothing", async () => {
  await inFolder(async (folder) => {
    const model = `${folder}/model`;
    await writeModelFolder(model, BASE);
    await writeAdapterFolder(`${folder}/one`, adapterOf({ ...lora, r: 3 }, factors));
    const common = ["--model", model, "--adapter", `${folder}/one`];
    const data = Float32Array.from({ length: 24 }, (_, i) => i === 5 ? NaN : i);
    const odd = { ...BASE.tensors, "block.0.up.weight": { shape: [6, 4], data } };
    await writeModelFolder(`${folder}/odd`, { ...BASE, tensors: odd });
    await writeAdapterFolder(`${folder}/right`, adapterOf(lora, factors));
    await writeAdapterFolder(`${folder}/much`, adapterOf({ ...lora, lora_alpha: 1e39 }, factors));
    const right = ["--model", model, "--adapter", `${folder}/right`, "--out", `${folder}/x`];
    const both = `${folder}/right,,${folder}/one`;
    const rows: readonly [readonly string[], string][] = [
      [["merge"], "Cannot merge: expected --model DIR, as in"],
      [["merge", "--model", model], "Cannot merge: expected --adapter DIR"],
      [["merge", ...common], "Cannot merge: expected --out DIR"],
      [
        ["merge", ...common, "--out", `${folder}/x`],
        "of shape [3,4], as its config and the model say",
      ],
      [
        ["merge", ...common, "--out", `${folder}/x`, "--weights", "1,2"],
        "expected a weight for each of 1 adapters, got 2",
      ],
      [["merge", ...common, "--out", model], "Cannot write a model into"],
      [["merge", "--model", model, "--adapter", both, "--out", "x"], "expected folders joined by"],
      [["merge", ...right, "--unmerge", "--weights", "2"], "got --weights beside; drop it"],
      [["merge", ...right, "--unmerge", "--rank", "2"], "got --rank beside; drop it"],
      [
        ["merge", ...right, "--weights", "1e39"],
        'expected finite numbers in merged tensor "block.0.up.weight", got',
      ],
      [
        ["merge", "--model", model, "--adapter", `${folder}/much`, "--out", `${folder}/x`],
        'expected finite numbers in merged tensor "block.0.up.weight", got',
      ],
      ...[["--unmerge"], ["--rank", "2"], []].map((more): [readonly string[], string] => [
        ["merge", "--model", `${folder}/odd`, ...right.slice(2), ...more],
        'expected finite numbers in tensor "block.0.up.weight" of the model, got NaN at position 5',
      ]),
      [
        ["changes", model, `${folder}/odd`],
        `expected finite numbers in "block.0.up.weight" of ${folder}/odd, got NaN at position`,
      ],
      [["changes", model], "Cannot compare models: expected two folders of one model"],
      [["changes", model, `${folder}/none`], "Cannot read"],
    ];
    for (const [[command, ...args], message] of rows) {
      const { sink, text } = recorder();
      const error = await assertRejects(() => commands[command!]!(args, sink), Error, message);
      assertMatch(error.message, /^Cannot [^\n]+$/);
      assertEquals(text(), "");
    }
    const left = await Array.fromAsync(Deno.readDir(folder), (e) => e.name);
    assertEquals(left.sort(), ["model", "much", "odd", "one", "right"]);
  });
});
