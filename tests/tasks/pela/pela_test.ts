/** PELA: trained networks in factors, trained beside themselves. */

import { assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import { join } from "node:path";
import {
  currentPoints,
  disposeStates,
  examplesOf,
  initialStates,
  Pass,
  readRun,
  regression,
} from "../../../core/mod.ts";
import { linear, sequential } from "../../../layers/mod.ts";
import { distilled, toldOutputs } from "../../../tasks/pela/distil.ts";
import { recipes } from "../../../tasks/recipe.ts";
import "../../../tasks/recipes/mod.ts";
import { UsageError } from "../../../tasks/usage_error.ts";
import { onBackend } from "../../support/algebras.ts";
import { inFolder } from "../../support/command_line.ts";
import { recorder, runRecipe } from "../../support/recipes.ts";
import { methodOf } from "../../support/training.ts";

const shared = { sanitizeResources: false, sanitizeOps: false };

Deno.test({
  ...await onBackend(
    "cpu",
    "beside a teacher the loss has the squares of what outputs of maps differ by",
  ),
  ...shared,
  async fn() {
    const method = await methodOf({ backend: "cpu" });
    const { engine } = method;
    const network = sequential([
      linear({ name: "first", inputs: 2, outputs: 3, activation: "relu", bias: false }),
      linear({ name: "last", inputs: 3, outputs: 1, bias: false }),
    ]);
    const data = examplesOf({
      x: { data: Float32Array.of(1, 2), shape: [2] },
      y: { data: Float32Array.of(5), shape: [1] },
    });
    const plain = regression({ train: data, test: data });
    const [states, others] = [
      await initialStates(method, network, 1),
      await initialStates(method, network, 2),
    ];
    const lossOf = async (at: typeof states, weights: { features: number; logits: number }) => {
      const task = distilled(plain, { network, states }, weights);
      return await engine.scope(async () => {
        const batch = {
          x: engine.tensor(Float32Array.of(1, 2), [1, 2]),
          y: engine.tensor(Float32Array.of(5), [1, 1]),
        };
        const told = toldOutputs(network);
        const pass = new Pass(engine, told, currentPoints(told, at), { training: true });
        const seen = await task.prepare!({ engine, open: () => pass }, batch, undefined!);
        const [loss] = await engine.read(task.loss(pass, seen));
        return loss!;
      });
    };
    const none = { features: 0, logits: 0 };
    const outputs = async (at: typeof states) => {
      const read = async (
        name: string,
      ) => [...await engine.read(at[name]!.value as Parameters<typeof engine.read>[0])];
      const [u, v] = [await read("first.weight"), await read("last.weight")];
      const inner = [0, 1, 2].map((j) => u[j]! + 2 * u[3 + j]!);
      return [...inner, inner.reduce((sum, h, j) => sum + Math.max(0, h) * v[j]!, 0)];
    };
    const [own, theirs] = [await outputs(others), await outputs(states)];
    const square = (i: number) => (own[i]! - theirs[i]!) ** 2;
    const task = (own[3]! - 5) ** 2;
    assertAlmostEquals(await lossOf(others, none), task, 1e-4 * task);
    const whole = task + 2 * (square(0) + square(1) + square(2)) / 3 + 0.5 * square(3);
    assertAlmostEquals(await lossOf(others, { features: 2, logits: 0.5 }), whole, 1e-4 * whole);
    assertEquals(await lossOf(states, { features: 2, logits: 0.5 }), await lossOf(states, none));
    disposeStates(states, {});
    disposeStates(others, {});
  },
});

Deno.test({
  ...await onBackend(
    "wasm",
    "pela halves the numbers of hidden maps, is better than SVD alone, and goes on where it was",
  ),
  ...shared,
  fn: () =>
    inFolder(async (folder) => {
      const [before, out] = [join(folder, "before"), join(folder, "run")];
      const common = ["--backend=wasm", "--threads=1", "--train-count=600", "--test-count=200"];
      const first = await runRecipe("demo", [
        ...[...common, "--epochs=3", "--method=dense", "--no-baseline", "--width=32", "--depth=3"],
        ...["--batch=32", `--out=${before}`],
      ]);
      assertEquals(first.code, 0, first.text);
      const args = [
        ...[...common, `--model=${before}`, "--dataset=digits", "--batch=32", "--compression=8"],
        ...["--intermediate=1", "--epochs=1"],
      ];
      const { code, text } = await runRecipe("pela", [...args, `--out=${out}`]);
      assertEquals(code, 0, text);
      const { summary } = await readRun(out);
      // ⌊784·32 / (8·816)⌋ and ⌊32·32 / (8·64)⌋.
      assertEquals(summary!.ranks, { "dense1.weight": 3, "dense2.weight": 2 });
      assertEquals(summary!.parameters, 3 * 816 + 2 * 64 + 64 + 330);
      const alone = Number(/By SVD alone: test ([\d.]+) %/.exec(text)![1]) / 100;
      assertLess(alone, (summary as unknown as { testAccuracy: number }).testAccuracy);

      const parts = `${folder}/parts`;
      // It stops when the first part is over; the second one goes on from there.
      const stop = new AbortController();
      const write = (said: string) => /finished after/.test(said) ? stop.abort() : undefined;
      const context = { sink: { ...recorder().sink, write }, signal: stop.signal };
      assertEquals(await recipes.get("pela").run([...args, `--out=${parts}`], context), 130);
      assertEquals((await runRecipe("pela", [...args, `--out=${parts}`, "--resume"])).code, 0);
      assertEquals((await readRun(parts)).summary!.testLoss, summary!.testLoss);
      await assertRejects(() => runRecipe("pela", common), UsageError, "expected --model DIR");
    }),
});
