/** How a run ends that leaves the finite numbers, and what is left of it. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import {
  augmentedBug,
  bug,
  readMetrics,
  readRecord,
  RunFolder,
  tensorsIn,
  train,
  type TrainOptions,
  type TrainResult,
} from "../../../core/mod.ts";
import { linear, perceptron } from "../../../layers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { blobsOf, shortRun, storeState } from "../../support/training.ts";

const PER_EPOCH = 8;

async function runIn(
  check: (path: string) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    await check(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

async function openFolder(path: string, resume = false): Promise<RunFolder> {
  const config = { recipe: "test", settings: {}, seed: 3, backend: "cpu" };
  return await RunFolder.open(path, config, { resume });
}

/** Trains, frees the states and holds the memory to account. */
async function ended(o: TrainOptions): Promise<TrainResult> {
  using _ = o.folder;
  const before = o.method.engine.memory().numTensors;
  const result = await train(o);
  for (const t of tensorsIn(result.state.states)) t.dispose();
  assertEquals(o.method.engine.memory().numTensors, before, "tensors left behind");
  return result;
}

const NETWORKS = {
  "low rank": perceptron({ sizes: [36, 12, 10, 4], format: "low-rank", rank: 3 }),
  "dense": perceptron({ sizes: [36, 12, 10, 4] }),
};

for (const backend of cpuBackends) {
  for (const integrator of [augmentedBug, bug]) {
    for (const [name, network] of Object.entries(NETWORKS)) {
      if (name === "dense" && integrator === bug) continue;
      for (const huge of [1e9, 1e30, 1e300]) {
        const what = `${name}, ${integrator.name}, rate ${huge}`;
        Deno.test({
          ...await onBackend(backend, `a diverging run keeps its last good checkpoint: ${what}`),
          fn: () =>
            runIn(async (path) => {
              const rate = (step: number) => step < PER_EPOCH + 2 ? 0.05 : huge;
              const o = await shortRun({ backend, integrator, network, epochs: 3, rate });
              const result = await ended({ ...o, folder: await openFolder(path) });
              assertEquals(result.reason, "diverged");
              assert(!result.test, "a diverged run has no result");
              assertMatch(
                result.message!,
                /^Training diverged after step 1[01]: .*; the checkpoint of step 8 is kept in .*\. Lower the learning rate \(now .*\) or clip the gradient$/,
              );
              assertEquals(result.message!.includes("\n"), false);
              const record = await readRecord(join(path, "checkpoint.safetensors"));
              assertEquals(record.step, PER_EPOCH);
              // With a rate that works, the run goes on from there as if nothing had happened.
              const sane = await shortRun({
                backend,
                integrator,
                network,
                epochs: 3,
                rate: () => 0.05,
              });
              const healed = await ended({ ...sane, folder: await openFolder(path, true) });
              assertEquals([healed.reason, healed.state.step], ["finished", 3 * PER_EPOCH]);
              const lines = await readMetrics(join(path, "metrics.jsonl"));
              assert(lines.every((line) => Number.isFinite(line.loss)));
              const steps = lines.map((line) => line.step);
              assertEquals(steps, [...steps].sort((a, b) => a - b));
            }),
        });
      }
    }
  }

  for (const integrator of [augmentedBug, bug]) {
    const what = `the last step of an epoch, ${integrator.name}`;
    Deno.test({
      ...await onBackend(backend, `a checkpoint never holds a diverged network: ${what}`),
      fn: () =>
        runIn(async (path) => {
          for (const huge of [1e9, 1e300]) {
            const folder = join(path, `${huge}`);
            const rate = (step: number) => step === 2 * PER_EPOCH - 1 ? huge : 0.05;
            const o = await shortRun({ backend, integrator, epochs: 2, rate });
            const result = await ended({ ...o, folder: await openFolder(folder) });
            assertEquals(result.reason, "diverged");
            assertMatch(
              result.message!,
              huge > 1e38
                ? /^Training diverged after step 15: .* step 8 is kept in .*\(now 1e\+300\)/
                : /^Training diverged after step 16: .* step 8 is kept in .*\(now 1000000000\)/,
            );
            const record = await readRecord(join(folder, "checkpoint.safetensors"));
            assertEquals(record.step, PER_EPOCH);
          }
        }),
    });
  }
}

Deno.test({
  ...await onBackend("cpu", "a run that diverges in its first epoch claims no checkpoint"),
  fn: () =>
    runIn(async (path) => {
      const o = await shortRun({ rate: () => 1e9 });
      const { message, reason, state } = await ended({ ...o, folder: await openFolder(path) });
      assertEquals(reason, "diverged");
      assertEquals(message!.includes("checkpoint"), false, message);
      assertMatch(
        message!,
        /^Training diverged after step 1: the loss grew from 1\.\d+ to .*\. Lower the learning rate \(now 1000000000\) or clip the gradient$/,
      );
      assertEquals(state.step, 1);
      assertEquals(
        [...Deno.readDirSync(path)].map((f) => f.name).includes("checkpoint.safetensors"),
        false,
      );
    }),
});

Deno.test({
  ...await onBackend("cpu", "a run on data that make the loss NaN says so at its first step"),
  fn: async () => {
    const only = linear({ name: "only", inputs: 36, outputs: 4 });
    const network = {
      ...only,
      forward: (pass: Parameters<typeof only.forward>[0], x: Parameters<typeof only.forward>[1]) =>
        only.forward(pass, pass.engine.scale(NaN, x)),
    };
    const { reason, message, state } = await ended(await shortRun({ network }));
    assertEquals([reason, state.step], ["diverged", 0]);
    assertMatch(message!, /^Training diverged after step 0: .*the loss is NaN\. Lower /);
  },
});

Deno.test({
  ...await onBackend("cpu", "errors that are no divergence are passed on"),
  fn: async () => {
    const o = await shortRun({});
    const rate = () => {
      throw new RangeError("no rate");
    };
    let caught: unknown;
    try {
      await train({ ...o, rate });
    } catch (error) {
      caught = error;
    }
    assertEquals(caught instanceof RangeError && caught.message, "no rate");
  },
});

Deno.test({
  ...await onBackend("cpu", "a harmless growth of the loss is no divergence"),
  fn: async () => {
    const dataset = await blobsOf(80);
    // One long step at a linear classifier: the loss grows to about a hundred times and recovers.
    const network = linear({ name: "only", inputs: 36, outputs: 4 });
    const rate = (step: number) => step === 0 ? 100 : 0.5;
    const o = await shortRun({ network, dataset, rate, epochs: 6 });
    const losses: number[] = [];
    const result = await ended({
      ...o,
      listener: (e) => {
        if (e.type === "step") losses.push(e.loss!);
      },
    });
    assertEquals(result.reason, "finished");
    assert(Math.max(...losses) > 20 * losses[0]!, `${losses.slice(0, 3)}`);
  },
});

Deno.test({
  ...await onBackend(
    "cpu",
    "divergence is measured against the first loss, however slowly it comes",
  ),
  fn: async () => {
    const network = linear({ name: "only", inputs: 36, outputs: 4 });
    const rate = (step: number) => 2 * 4 ** step;
    const losses: number[] = [];
    const result = await ended(
      await shortRun({
        network,
        rate,
        epochs: 6,
        listener: (e) => {
          if (e.type === "step") losses.push(e.loss!);
        },
      }),
    );
    assertEquals(result.reason, "diverged");
    assert(losses.length > 3, "it takes several steps");
    assert(losses.every((loss, i) => loss < 500 * (losses[i - 1] ?? Infinity)), `${losses}`);
  },
});

Deno.test({
  ...await onBackend("cpu", "the state of a diverged run is the last finite one"),
  fn: async () => {
    const rate = (step: number) => step < 3 ? 0.05 : Infinity;
    const o = await shortRun({ rate });
    const result = await train(o);
    assertEquals(result.reason, "diverged");
    const { states } = await storeState(o.method.engine, result.state) as { states: unknown };
    for (const t of tensorsIn(result.state.states)) t.dispose();
    assert(numbersIn(states).every(Number.isFinite));
  },
});

function numbersIn(tree: unknown): number[] {
  if (typeof tree === "number") return [tree];
  if (tree instanceof Float32Array) return [...tree];
  if (typeof tree !== "object" || tree === null) return [];
  return Object.values(tree).flatMap(numbersIn);
}
