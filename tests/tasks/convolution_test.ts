/** Whole runs of the convolutional recipes, small: every method, compression, matched ranks. */

import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { join } from "node:path";
import { backends, readRecord, readRun, type Summary } from "../../core/mod.ts";
import { methods } from "../../tasks/methods.ts";
import { recipes } from "../../tasks/recipe.ts";
import "../../tasks/recipes/mod.ts";
import type { CellResult } from "../../tasks/sweep/results.ts";
import { UsageError } from "../../tasks/usage_error.ts";
import { inFolder } from "../support/command_line.ts";

/** Numbers of the whole network: kernels, norms, biases; no running statistics. */
const WHOLE = 5040;

type Options = Readonly<Record<string, string | number | boolean>>;

/** A residual network on 6×6 images. */
const SMALL: Options = {
  dataset: "blobs",
  network: "resnet-8",
  width: 0.25,
  backend: "wasm",
  batch: 20,
  "train-count": 160,
  "test-count": 80,
  augmentation: "flip",
};

/** Half of them: enough where a few steps do, whatever the images. */
const FEW: Options = { "train-count": 80, "test-count": 40 };

/** One step and little to measure, for what is known before the first step. */
const ONE_STEP: Options = { "train-count": 20, "test-count": 20, epochs: 1 };

/** Runs a recipe in this process and returns what it printed; a pattern in that interrupts it. */
async function run(recipe: string, options: Options, stopAt?: RegExp): Promise<string> {
  let text = "";
  const controller = new AbortController();
  const args = Object.entries(options).map(([key, value]) => `--${key}=${value}`);
  const write = (part: string) => {
    text += part;
    if (stopAt?.test(part)) controller.abort();
  };
  const sink = { isTerminal: false, color: false, columns: () => 80, write };
  const code = await recipes.get(recipe).run(args, { sink, signal: controller.signal });
  assertEquals(code, stopAt ? 130 : 0, text);
  return text;
}

async function cifar(out: string, options: Options): Promise<Summary> {
  await run("cifar", { ...SMALL, ...options, out });
  return (await readRun(out)).summary!;
}

const missing = await backends.get("wasm").probe();
const definition = (name: string) => ({
  name: missing === undefined ? name : `${name} (skipped: ${missing})`,
  ignore: missing !== undefined,
  // Engines belong to the process.
  sanitizeResources: false,
  sanitizeOps: false,
});

/** Methods that hold whole weights while they train, and are about low rank all the same. */
const WHILE_TRAINING = ["rank-pruned", "relora", "sparse-spectral"];

for (const { name, afterwards } of methods.list()) {
  Deno.test({
    ...definition(`method ${name} trains a residual network and counts its own parameters`),
    fn: () =>
      inFolder(async (folder) => {
        const out = join(folder, "run");
        const common = { ...FEW, method: name, rank: 3, "max-rank": 3, epochs: 4 };
        const summary = await cifar(out, { ...common, "fine-tune": 2 });
        const { metrics } = await readRun(out);
        assertLess(metrics.at(-1)!.loss, metrics[0]!.loss);
        assertEquals(summary.denseParameters, WHOLE);
        assertEquals(Object.keys(metrics.at(-1)!.ranks ?? {}), Object.keys(summary.ranks));
        if (name === "dense") assertEquals(summary.parameters, WHOLE);
        else if (WHILE_TRAINING.includes(name)) assert(summary.parameters >= WHOLE);
        else assertLess(summary.parameters, 0.7 * WHOLE);
        assertEquals(summary.epochs, afterwards ? 2 : 4);
        if (afterwards) assertEquals((await readRun(join(out, "dense"))).summary!.epochs, 2);
      }),
  });
}

Deno.test({
  ...definition("a dense run is compressed, fine-tuned, and compared with itself trained on"),
  fn: () =>
    inFolder(async (folder) => {
      const dense = join(folder, "dense");
      const before = await cifar(dense, { method: "dense", epochs: 6 });
      const out = join(folder, "compressed");
      const { batch, backend } = SMALL;
      const counts = { "train-count": 160, "test-count": 80 };
      const options = { batch, backend, ...counts, checkpoint: dense, out } as Options;
      const text = await run("compress", { ...options, tolerance: 0, epochs: 1, baseline: true });
      // Nothing is cut off at tolerance 0, so the network starts where the dense one ended.
      const accuracy = `${(100 * before.testAccuracy!).toFixed(2)} %`;
      assert(text.includes(`compressed: test ${accuracy} before fine-tuning`), text);
      const { config, summary, baseline } = await readRun(out);
      assertEquals(config.settings.augmentation, SMALL.augmentation);
      assertEquals(summary!.denseParameters, WHOLE);
      assertEquals(baseline!.summary!.parameters, WHOLE);
      const small = join(folder, "small");
      const other = { ...options, out: small, tolerance: 0.5, epochs: 1, augmentation: "" };
      await run("compress", other);
      const truncated = await readRun(small);
      assertLess(truncated.summary!.parameters, 0.8 * WHOLE);
      assertEquals(truncated.config.settings.augmentation, "");
      const shared = { ...options, method: "low-rank", epochs: 1, augmentation: "" };
      const sized = async (out: string, more: Partial<Options>): Promise<Summary> => {
        await run("compress", { ...shared, ...more, out: join(folder, out) });
        return (await readRun(join(folder, out))).summary!;
      };
      const whole = { by: "outputs", calibration: 64, tolerance: 0 };
      const outputs = await run("compress", { ...shared, ...whole, out: join(folder, "whole") });
      assert(outputs.includes(`compressed: test ${accuracy} before fine-tuning`), outputs);
      const half = await sized("half", { "break-even": 0.5 });
      assertLess(half.parameters, 0.75 * WHOLE);
      const third = await sized("third", { size: 0.3, truncation: "normalised-spectrum" });
      assertLess(third.parameters, half.parameters);
      await assertRejects(
        () => sized("two-ways", { size: 0.3, "break-even": 0.5 }),
        UsageError,
        "Cannot compress to a --size by outputs or --break-even: expected one way",
      );
      const { ranks } = await sized("outputs", { by: "outputs", calibration: 64, tolerance: 0.5 });
      assertLess(Math.max(...Object.values(ranks)), Math.max(...Object.values(half.ranks)) + 20);
    }),
});

Deno.test({
  ...definition("compress says what it needs"),
  fn: () =>
    inFolder(async (folder) => {
      const tucker = join(folder, "tucker");
      await cifar(tucker, ONE_STEP);
      const cases: [Options, string][] = [
        [{}, "Cannot compress: expected --checkpoint DIR with a dense run"],
        [{ checkpoint: folder }, `Cannot read a run from ${folder}`],
        [{ checkpoint: tucker }, "expected a run of method dense, got tucker"],
        [{ checkpoint: tucker, method: "dense" }, 'Cannot set --method to "dense"'],
      ];
      for (const [options, why] of cases) {
        await assertRejects(
          () => run("compress", { ...options, out: join(folder, "x") }),
          Error,
          why,
        );
      }
    }),
});

Deno.test({
  ...definition("naive factors with the ranks of an adaptive run are about as large"),
  fn: () =>
    inFolder(async (folder) => {
      const adaptive = join(folder, "adaptive-1");
      const wanted = await cifar(adaptive, { tolerance: 0.3, epochs: 2 });
      for (const method of ["factor-tucker", "factor-matrix"]) {
        const naive = { method, "ranks-from": join(folder, "adaptive-{seed}") };
        const { parameters } = await cifar(join(folder, method), { ...ONE_STEP, ...naive });
        const ratio = (parameters as number) / wanted.parameters;
        assert(Math.abs(ratio - 1) < 0.1, `${method}: ${ratio} of the size`);
      }
      const other = { method: "factor-tucker", network: "resnet-20", "ranks-from": adaptive };
      await assertRejects(
        () => cifar(join(folder, "other"), { ...other, epochs: 1 }),
        UsageError,
        "expected a run of the same network",
      );
    }),
});

Deno.test({
  ...definition("a decaying start has the singular values that were asked for, in each format"),
  fn: () =>
    inFolder(async (folder) => {
      for (const method of ["tucker", "low-rank", "factor-tucker"]) {
        const falls: number[] = [];
        for (const decay of [0, 1, 2]) {
          const out = join(folder, `${method}-${decay}`);
          // A rate of almost nothing: what is logged is the start.
          const still = { method, rank: 4, "min-rank": 4, "max-rank": 4, tolerance: 0 };
          await cifar(out, { ...ONE_STEP, ...still, decay, "learning-rate": 1e-12 });
          const { metrics } = await readRun(out);
          const spectra = Object.values(metrics.at(-1)!.singularValues!)
            .filter((sigma) => sigma.length === 4);
          assertGreater(spectra.length, 0);
          const fall = spectra.map((sigma) => Math.log2(sigma[0]! / sigma[3]!) / 3);
          falls.push(fall.reduce((a, b) => a + b, 0) / fall.length);
        }
        assert(falls[0]! < 0.6 && falls[1]! > 0.8 && falls[2]! > 1.6, `${method}: ${falls}`);
        assert(falls[1]! < 1.2 && falls[2]! < 2.2, `${method}: ${falls}`);
      }
    }),
});

Deno.test({
  ...definition("a run with batch norm and prefetched, augmented batches is resumed bit for bit"),
  fn: () =>
    inFolder(async (folder) => {
      const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
      const options = {
        ...FEW,
        tolerance: 0.2,
        epochs: 3,
        prefetch: true,
        augmentation: "pad-crop:1,flip",
      };
      await cifar(whole, options);
      await run("cifar", { ...SMALL, ...options, out: parts }, /epoch 1\/3/);
      await cifar(parts, { ...options, resume: true });
      const [expected, got] = await Promise.all([whole, parts].map(async (path) => {
        const { seconds: _, secondsPerStep: _s, ...record } = await readRecord(
          join(path, "checkpoint.safetensors"),
        );
        return record;
      }));
      assertEquals(got, expected);
      const states = Object.values(expected!.states as Record<string, { format: string }>);
      const formats = new Set(states.map(({ format }) => format));
      assertEquals(formats, new Set(["tucker", "dense", "statistic"]));
    }),
});

Deno.test({
  ...definition("ill-conditioned compares an integrator with naive factors from equal starts"),
  fn: () =>
    inFolder(async (folder) => {
      const out = join(folder, "study");
      const { dataset, network, backend } = SMALL;
      const small = {
        dataset,
        network,
        backend,
        rank: 4,
        epochs: 1,
        batch: 20,
        seeds: 1,
      } as Options;
      await run("ill-conditioned", { ...small, "train-count": 40, "test-count": 20, out });
      const cells = (await readRun(out)).summary!.cells as CellResult[];
      assertEquals(cells.map(({ folder }) => folder), [
        ...["decay-0_method-tucker_seed-1", "decay-0_method-factor-tucker_seed-1"],
        ...["decay-1_method-tucker_seed-1", "decay-1_method-factor-tucker_seed-1"],
      ]);
      // The ranks are the same throughout.
      assertEquals(new Set(cells.map((c) => c.summary!.parameters)).size, 1);
      const page = await Deno.readTextFile(join(out, "report.html"));
      for (const text of ["decay 0", "decay 1", "Training loss"]) assert(page.includes(text), text);
    }),
});
