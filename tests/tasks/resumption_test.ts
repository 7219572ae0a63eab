/** What identifies a run is compared when it is resumed, by every recipe and by sweeps. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { readRun } from "../../core/mod.ts";
import { sweep } from "../../tasks/sweep.ts";
import { inFolder } from "../support/command_line.ts";
import { writeMnistFolder } from "../support/mnist_folder.ts";
import { recorder, runRecipe } from "../support/recipes.ts";

const shared = { sanitizeResources: false, sanitizeOps: false };
const PLAIN = ["--width", "8", "--offline", "--batch", "20", "--epochs", "2"];
const RUN = [...PLAIN, "--backend", "cpu", "--rank", "4"];
const OTHER = /other values of data \(mnist of 60 and 20 examples, SHA-256 \w+…, now mnist of /;

async function withData(
  check: (at: { one: string; other: string; fewer: string; out: string }) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const at = (name: string) => join(folder, name);
    await writeMnistFolder(at("one"), 60);
    await writeMnistFolder(at("other"), 60, 1);
    await writeMnistFolder(at("fewer"), 40);
    const [one, other, fewer, out] = ["one", "other", "fewer", "out"].map(at) as [
      string,
      string,
      string,
      string,
    ];
    await check({ one, other, fewer, out });
  });
}

async function files(path: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, isFile } of Deno.readDirSync(path)) {
    if (isFile) found[name] = await Deno.readTextFile(join(path, name));
  }
  return found;
}

Deno.test({
  name: "a run is not resumed on other data, nor on fewer, and stays as it was",
  ...shared,
  fn: () =>
    withData(async ({ one, other, fewer, out }) => {
      const stop = new AbortController();
      stop.abort();
      const args = [...RUN, "--out", out];
      const begun = await runRecipe("mnist", [...args, "--data", one], stop.signal);
      assertEquals(begun.code, 130);
      const before = await files(out);
      for (const [data, steps] of [[other, ""], [fewer, ", steps (6, now 4)"]] as const) {
        const resumed = () => runRecipe("mnist", [...args, "--data", data, "--resume"]);
        const { message } = await assertRejects(resumed, Error);
        assertMatch(message, OTHER);
        assertStringIncludes(message, steps);
        assertStringIncludes(
          message,
          "name the folder of those data by --data, or start anew in another --out",
        );
        assertEquals(await files(out), before);
      }
      // The same data may lie elsewhere.
      await Deno.rename(one, `${one}-moved`);
      const end = await runRecipe("mnist", [...args, "--data", `${one}-moved`, "--resume"]);
      assertEquals(end.code, 0);
      assertEquals((await readRun(out)).summary!.steps, 6);
    }),
});

Deno.test({
  name: "config.json tells data, steps and weights apart",
  ...shared,
  fn: () =>
    withData(async ({ one, out }) => {
      await runRecipe("mnist", [...RUN, "--depth", "2", "--data", one, "--out", out]);
      const { dataset, weights, steps } = (await readRun(out)).config;
      assertEquals({ ...dataset, sha256: "" }, { name: "mnist", sha256: "", train: 60, test: 20 });
      assertEquals(steps, 6);
      assertEquals(weights, {
        "dense1.weight": "low-rank 784×8",
        "dense1.bias": "dense 8",
        "classifier.weight": "dense 8×10",
        "classifier.bias": "dense 10",
      });
    }),
});

Deno.test({
  name: "a sweep is not resumed on other data, also where all that is left are new runs",
  ...shared,
  fn: () =>
    withData(async ({ one, other, out }) => {
      const context = { sink: recorder().sink, signal: new AbortController().signal };
      const args = ["mnist", ...PLAIN, "--backend", "cpu", "--no-dense", "--out", out];
      assertEquals(await sweep([...args, "--rank", "3,4", "--data", one], context), 0);
      const more = [...args, "--resume", "--rank", "2,3,4"];
      const error = await assertRejects(() => sweep([...more, "--data", other], context), Error);
      assertMatch(error.message, OTHER);
      assertEquals(Deno.readDirSync(out).some(({ name }) => name === "rank-2"), false);
      const { sink, text } = recorder();
      assertEquals(await sweep([...more, "--data", one], { ...context, sink }), 0);
      assertEquals(text().match(/finished before/g)?.length, 2);
      assertEquals((await readRun(out)).summary!.cells instanceof Array, true);
    }),
});

Deno.test({
  name: "compressing warns of other data than those of the dense run, and refuses other weights",
  ...shared,
  fn: () =>
    withData(async ({ one, other, out }) => {
      const dense = join(out, "dense-run");
      const run = ["--data", one, "--out", dense, "--method", "dense"];
      assertEquals((await runRecipe("mnist", [...RUN, ...run])).code, 0);
      const args = ["--checkpoint", dense, "--backend", "cpu", "--method", "low-rank"];
      const tuned = [...args, "--epochs", "1", "--batch", "20", "--rank", "4", "--offline"];
      const { code, text } = await runRecipe("compress", [
        ...tuned,
        ...["--data", other, "--out", join(out, "tuned")],
      ]);
      assertEquals(code, 0);
      assertMatch(text, /Warning: The network in \S+ was trained on other data: data \(mnist of /);
      const config = JSON.parse(await Deno.readTextFile(join(dense, "config.json")));
      config.settings.width = 9;
      config.weights["dense1.weight"] = "dense 784×8";
      await Deno.writeTextFile(join(dense, "config.json"), JSON.stringify(config));
      const error = await assertRejects(() =>
        runRecipe("compress", [...tuned, "--data", one, "--out", join(out, "wrong")])
      );
      assertStringIncludes(
        (error as Error).message,
        "expected a run of the same network, got other values of weight dense1.weight " +
          "(dense 784×8, now dense 784×9)",
      );
      assertEquals(Deno.readDirSync(out).some(({ name }) => name === "wrong"), false);
    }),
});

Deno.test({
  name: "a fine-tuned run is not resumed from another dense run",
  ...shared,
  fn: () =>
    withData(async ({ one, out }) => {
      const common = ["--data", one, "--offline", "--backend", "cpu", "--batch", "20"];
      const train = ["--method", "dense", "--width", "8", "--epochs", "1", ...common];
      for (const seed of ["1", "2"]) {
        await runRecipe("mnist", [...train, "--seed", seed, "--out", join(out, seed)]);
      }
      const args = [...common, "--method", "low-rank", "--rank", "4", "--epochs", "1"];
      const tuned = [...args, "--out", join(out, "tuned")];
      const stopped = await runRecipe(
        "compress",
        [...tuned, "--checkpoint", join(out, "1")],
        AbortSignal.abort(),
      );
      assertEquals(stopped.code, 130);
      await assertRejects(
        () => runRecipe("compress", [...tuned, "--checkpoint", join(out, "2"), "--resume"]),
        Error,
        "got other values of start (",
      );
      // Once it has begun, the dense run is not needed any more but for its settings.
      await Deno.remove(join(out, "1", "checkpoint.safetensors"));
      const again = [...tuned, "--checkpoint", join(out, "1"), "--resume"];
      assertEquals((await runRecipe("compress", again)).code, 0);
    }),
});

Deno.test({
  name:
    "a study of robustness is not resumed on other data, and warns of dense networks of other data",
  ...shared,
  fn: () =>
    withData(async ({ one, other, out }) => {
      const args = [
        ...["--dataset", "mnist", "--network", "perceptron", "--method", "low-rank", "--offline"],
        ...["--backend", "cpu", "--width", "0.02", "--rank", "4", "--epochs", "1", "--batch", "20"],
        ...["--attacks", "fgsm", "--epsilons", "0.1", "--attack-count", "5", "--betas", "0"],
      ];
      const first = [...args, "--out", join(out, "a")];
      const stopped = await runRecipe("robust", [...first, "--data", one], AbortSignal.abort());
      assertEquals(stopped.code, 130);
      const resumed = () => runRecipe("robust", [...first, "--data", other, "--resume"]);
      assertMatch((await assertRejects(resumed, Error)).message, OTHER);
      assertEquals((await runRecipe("robust", [...first, "--data", one, "--resume"])).code, 0);
      const from = ["--dense-from", join(out, "a", "dense-seed-1"), "--out", join(out, "b")];
      const { text } = await runRecipe("robust", [...args, ...from, "--data", other]);
      assertStringIncludes(text, "was trained on other data");
    }),
});

Deno.test({
  name: "a run that goes on with other threads says that it agrees but for rounding",
  ...shared,
  fn: () =>
    withData(async ({ one, out }) => {
      const args = [...PLAIN, "--backend", "wasm", "--data", one, "--out", out];
      const on = (threads: number) => [...args, "--threads", `${threads}`];
      await runRecipe("mnist", on(1), AbortSignal.abort());
      const { code, text } = await runRecipe("mnist", [...on(2), "--resume"]);
      assertEquals(code, 0);
      assertMatch(
        text,
        /^Warning: The run goes on with other values of threads \(1, now 2\): it /m,
      );
      const again = await runRecipe("mnist", [...on(2), "--resume"]);
      assert(!again.text.includes("Warning"), again.text);
    }),
});
