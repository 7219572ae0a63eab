/** The commands `merge` and `changes`. */

import { assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import {
  mergedTensors,
  readAdapterFolder,
  readModelFolder,
  writeAdapterFolder,
  writeModelFolder,
} from "../../core/mod.ts";
import { pretrainedBase } from "../../layers/mod.ts";
import { adapterOf, BASE, UP } from "../support/adapter_folders.ts";
import { inFolder, runMain } from "../support/command_line.ts";
import { difference } from "../support/reference_models.ts";

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
      [["changes", model], "Cannot compare models: expected two folders of one model"],
      [["changes", model, `${folder}/none`], "Cannot read"],
    ];
    for (const [args, message] of rows) {
      const { code, out, err } = await runMain(...args);
      assertEquals([code, out], [1, ""], err);
      assertStringIncludes(err, message);
      assertMatch(err, /^[^\n]+\n$/);
    }
    const left = await Array.fromAsync(Deno.readDir(folder), (e) => e.name);
    assertEquals(left.sort(), ["model", "one"]);
  });
});
