/** Paths and files of a run that are not what they should be: one line, nothing lost. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { decodeSafetensors, encodeSafetensors } from "../../core/mod.ts";
import { inFolder, runMain } from "../support/command_line.ts";
import { runRecipe } from "../support/recipes.ts";
import "../support/blobs_plugin.ts";

const shared = { sanitizeResources: false, sanitizeOps: false };
const SMALL = [
  "--train-count=160",
  "--test-count=60",
  "--batch=32",
  "--epochs=1",
  "--backend=wasm",
];

Deno.test("the command line says in one line that a file is where the data's folder should be", () =>
  inFolder(async (folder) => {
    const path = `${folder}/file`;
    await Deno.writeTextFile(path, "x");
    const { code, err } = await runMain(
      ...[
        "train",
        "mnist",
        "--backend",
        "cpu",
        "--offline",
        "--data",
        path,
        "--out",
        `${folder}/out`,
      ],
    );
    assertEquals(code, 1);
    assertEquals(err, `Cannot read data from ${path}: expected a folder, got a file\n`);
    assertEquals([...Deno.readDirSync(folder)].map((e) => e.name), ["file"]);
  }));

/** A path that cannot be the folder of a run, and what a start says then. */
const OUTS: readonly [what: string, name: string, why: string][] = [
  ["a file", "file", "expected a folder, got a file"],
  ["a folder in a file", "file/run", "expected folders in its path, got a file"],
  ["a name that is too long", "a".repeat(300), "expected a shorter path, got one that is too long"],
];

for (const [what, name, why] of OUTS) {
  Deno.test({
    name: `a run that shall go into ${what} is refused in one line`,
    ...shared,
    fn: () =>
      inFolder(async (folder) => {
        await Deno.writeTextFile(`${folder}/file`, "x");
        const out = `--out=${folder}/${name}`;
        const { message } = await assertRejects(() => runRecipe("trial", [...SMALL, out]), Error);
        assertMatch(message, /^Cannot [^\n]+: [^\n]+$/);
        assertEquals(message.endsWith(why), true, message);
        assertEquals(await Deno.readTextFile(`${folder}/file`), "x");
      }),
  });
}

Deno.test({
  name: "a run whose checkpoint is damaged is not resumed, in one line, and keeps its files",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const out = `${folder}/run`;
      const path = `${out}/checkpoint.safetensors`;
      await runRecipe("trial", [...SMALL, `--out=${out}`]);
      const whole = await Deno.readFile(path);
      const { tensors, metadata } = decodeSafetensors(whole.slice());
      const [key, record] = Object.entries(metadata)[0]!;
      const cut = encodeSafetensors(tensors, { [key]: record.slice(0, -3) });
      const damaged: readonly [bytes: Uint8Array, why: string][] = [
        [
          Uint8Array.from(cut.flatMap((b) => [...b])),
          "expected a record of JSON text, got other text",
        ],
        [whole.subarray(0, 100), "expected a header of at most 92 bytes, got one that claims "],
        [whole.subarray(0, -1), "to lie within "],
        [new Uint8Array(0), "expected at least 8 bytes, got 0"],
      ];
      for (const [bytes, why] of damaged) {
        await Deno.writeFile(path, bytes);
        const { message } = await assertRejects(
          () => runRecipe("trial", [...SMALL, `--out=${out}`, "--resume"]),
          Error,
          why,
        );
        assertMatch(message, /^Cannot read [^\n]+checkpoint.safetensors: [^\n]+$/);
        assertEquals((await Deno.readFile(path)).length, bytes.length);
      }
    }),
});

Deno.test({
  name: "a run that starts from a damaged dense run is refused in one line",
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const dense = `${folder}/dense`;
      await runRecipe("trial", [...SMALL, "--method=dense", `--out=${dense}`]);
      const path = `${dense}/checkpoint.safetensors`;
      const whole = await Deno.readFile(path);
      const args = [...SMALL, "--data=", `--checkpoint=${dense}`, `--out=${folder}/out`];
      for (const bytes of [whole.subarray(0, 200), new Uint8Array(0)]) {
        await Deno.writeFile(path, bytes);
        const { message } = await assertRejects(() => runRecipe("compress", args), Error);
        assertMatch(message, /^Cannot start from [^\n]+checkpoint.safetensors: expected [^\n]+$/);
      }
    }),
});
