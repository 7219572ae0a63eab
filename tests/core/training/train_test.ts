import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import {
  adapters,
  augmentedBug,
  bug,
  type Dataset,
  imageExamples,
  initialStates,
  type Layer,
  type LowRank,
  orthogonalityDefect,
  parallelBug,
  relativeFrobenius,
  representationOf,
  type RunEvent,
  type Tensor,
  tensorsIn,
  train,
  type TrainOptions,
  type TrainResult,
  weightFormats,
} from "../../../core/mod.ts";
import { linear, perceptron } from "../../../layers/mod.ts";
import { adam, heavyBall } from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { blobsOf, methodOf, shortRun } from "../../support/training.ts";

/** Trains and frees what the run leaves; fails when it leaves more than its states. */
async function trained(o: TrainOptions): Promise<TrainResult> {
  const before = o.method.engine.memory().numTensors;
  const result = await train(o);
  for (const t of tensorsIn(result.state.states)) t.dispose();
  assertEquals(o.method.engine.memory().numTensors, before, "tensors left behind");
  return result;
}

const adaptive = { rule: relativeFrobenius, tolerance: 0.1, minRank: 2, maxRank: 8 };

for (const backend of cpuBackends) {
  for (
    const [name, { size, ...choice }] of Object.entries({
      "augmented-bug and adam": { integrator: augmentedBug, rule: adam.create(), size: 0.02 },
      "parallel-bug and heavy ball": {
        integrator: parallelBug,
        rule: heavyBall.create(),
        size: 0.1,
      },
      "bug and sgd": { integrator: bug, size: 0.2 },
    })
  ) {
    Deno.test({
      ...await onBackend(backend, `train() learns blobs with ${name}`),
      fn: async () => {
        const result = await trained(
          await shortRun({
            ...choice,
            backend,
            truncation: adaptive,
            dataset: await blobsOf(200, 100),
            epochs: 6,
            rate: () => size,
          }),
        );
        assertEquals(result.reason, "finished");
        assertEquals(result.state.step, 120);
        assertGreater(result.test!.values.accuracy!, 0.93);
        assertLess(result.trainLoss, 0.4);
        const { confusion } = result.test!;
        assertEquals(confusion!.map((row) => row.reduce((a, b) => a + b, 0)), [25, 25, 25, 25]);
      },
    });
  }
}

/** Each pixel row of this data set tells the number of the image. */
function numbered(count: number): Dataset {
  const split = (n: number) => ({
    count: n,
    images: Uint8Array.from({ length: 2 * n }, (_, i) => i >> 1),
    labels: Uint8Array.from({ length: n }, (_, i) => i % 2),
  });
  return {
    name: "numbered",
    shape: [1, 2, 1],
    classes: 2,
    classNames: ["even", "odd"],
    train: split(count),
    test: split(2),
    sha256: "",
  };
}

/** A layer that notes which images pass through it in training, batch by batch. */
function watching(inner: Layer, seen: Promise<number[]>[]): Layer {
  return {
    ...inner,
    forward(pass, x) {
      if (pass.training) {
        const numbers = async () =>
          [...await pass.engine.read(x)].filter((_, i) => i % 2 === 0)
            .map((p) => Math.round(p * 255));
        seen.push(numbers());
      }
      return inner.forward(pass, x);
    },
  };
}

Deno.test({
  ...await onBackend("cpu", "train() visits each example once an epoch, in an order of its own"),
  fn: async () => {
    const seen: Promise<number[]>[] = [];
    const network = watching(linear({ name: "only", inputs: 2, outputs: 2 }), seen);
    await trained(await shortRun({ network, dataset: numbered(24), batch: 6, epochs: 3 }));
    const batches = await Promise.all(seen);
    assertEquals(batches.map((b) => b.length), new Array(12).fill(6));
    const epochs = [0, 4, 8].map((i) => batches.slice(i, i + 4).flat());
    for (const epoch of epochs) {
      assertEquals([...epoch].sort((a, b) => a - b), Array.from({ length: 24 }, (_, i) => i));
    }
    assertEquals(new Set(epochs.map((e) => e.join())).size, 3, "orders differ between epochs");
  },
});

Deno.test({
  ...await onBackend("cpu", "train() leaves a last batch out that is not full"),
  fn: async () => {
    const seen: Promise<number[]>[] = [];
    const network = watching(linear({ name: "only", inputs: 2, outputs: 2 }), seen);
    const result = await trained(
      await shortRun({ network, dataset: numbered(25), batch: 6, epochs: 1 }),
    );
    assertEquals(result.state.step, 4);
    assertEquals(new Set((await Promise.all(seen)).flat()).size, 24);
  },
});

Deno.test({
  ...await onBackend("cpu", "train() refuses a batch larger than the data"),
  fn: async () => {
    const o = await shortRun({ batch: 81 });
    const error = await assertRejects(() => train(o), RangeError);
    assertEquals(error.message, "Cannot train: a batch of 81 needs as many examples, got 80");
  },
});

Deno.test({
  ...await onBackend("cpu", "train() refuses settings with which it would not begin or never end"),
  fn: async () => {
    const o = await shortRun({ dataset: await blobsOf(60, 20) });
    const refused: [Partial<TrainOptions>, string][] = [
      [{ epochs: NaN }, "epochs to be an integer ≥ 1, got NaN"],
      [{ epochs: 1.5 }, "epochs to be an integer ≥ 1, got 1.5"],
      [{ steps: 0 }, "steps to be an integer ≥ 1, got 0"],
      [{ batch: 2.5 }, "batch to be an integer ≥ 1, got 2.5"],
      [{ measureEvery: 0 }, "measureEvery to be an integer ≥ 1, got 0"],
      [{ clipNorm: NaN }, "clipNorm to be a number > 0, got NaN"],
      [{ earlyStop: { on: o.task.test, patience: 0 } }, "patience to be an integer ≥ 1, got 0"],
    ];
    for (const [settings, message] of refused) {
      await assertRejects(
        () => train({ ...o, ...settings }),
        RangeError,
        `Cannot train: expected ${message}`,
      );
    }
    for (const size of [NaN, -1]) {
      await assertRejects(
        () => train({ ...o, rate: () => size }),
        RangeError,
        `Cannot take a step: expected rate to be a number ≥ 0, got ${size}`,
      );
    }
  },
});

Deno.test({
  ...await onBackend("cpu", "a run of so many steps tells how many epochs those are"),
  fn: async () => {
    const events: RunEvent[] = [];
    const o = await shortRun({ listener: (e) => events.push(e), steps: 9, measureEvery: 3 });
    await trained(o);
    const [start] = events;
    assert(start?.type === "start");
    assertEquals([start.steps, start.epochs], [9, 2]);
    const measured = events.filter((e) => e.type === "epoch").map((e) => e.metrics.epoch);
    assertEquals(measured, [1, 1, 2]);
  },
});

Deno.test({
  ...await onBackend("cpu", "train() tells its listener what happens, in order"),
  fn: async () => {
    const events: RunEvent[] = [];
    const o = await shortRun({ listener: (e) => events.push(e), truncation: adaptive });
    const result = await trained(o);
    const kinds = events.map((e) => e.type).join(" ");
    const epoch = `${"step ".repeat(8)}epoch `;
    assertEquals(kinds, `start ${epoch}${epoch}end`);
    const [start] = events;
    assertEquals(start, {
      type: "start",
      label: "test",
      epochs: 2,
      steps: 16,
      firstStep: 0,
      measures: o.task.measures,
    });
    const steps = events.filter((e) => e.type === "step");
    assertEquals(steps.map((e) => e.step), Array.from({ length: 16 }, (_, i) => i + 1));
    assertEquals(steps.map((e) => e.epoch), [...new Array(8).fill(1), ...new Array(8).fill(2)]);
    const last = events.filter((e) => e.type === "epoch").at(-1)!.metrics;
    assertEquals([last.step, last.epoch, last.testAccuracy], [
      16,
      2,
      result.test!.values.accuracy!,
    ]);
    assertEquals(last.loss, result.trainLoss);
    const mean = steps.slice(8).reduce((sum, e) => sum + e.loss!, 0) / 8;
    assertLess(Math.abs(mean - result.trainLoss), 1e-12);
    assertEquals(Object.keys(last.ranks!), ["dense1.weight", "dense2.weight"]);
    for (const [name, sigma] of Object.entries(last.singularValues!)) {
      assertEquals(sigma.length, last.ranks![name]);
      assert(sigma.every((s, i) => s > 0 && s <= (sigma[i - 1] ?? Infinity)));
    }
    const end = events.at(-1)!;
    assert(end.type === "end" && end.reason === "finished" && end.step === 16);
  },
});

Deno.test({
  ...await onBackend("cpu", "train() asks for the rate of each step of the whole run"),
  fn: async () => {
    const asked = new Set<string>();
    const rate = (step: number, total: number) => (asked.add(`${step}/${total}`), 0.1);
    await trained(await shortRun({ rate }));
    for (let i = 0; i < 16; i++) assert(asked.has(`${i}/16`), `step ${i}`);
    assertEquals(asked.size, 16);
  },
});

Deno.test({
  ...await onBackend("cpu", "train() with the same seed repeats itself, with another it does not"),
  fn: async () => {
    const loss = async (seed: number) => (await trained(await shortRun({ seed }))).trainLoss;
    const [first, again, other] = [await loss(1), await loss(1), await loss(2)];
    assertEquals(first, again);
    assert(first !== other);
  },
});

Deno.test({
  ...await onBackend("cpu", "train() stops early when validation does not improve, and says so"),
  fn: async () => {
    const dataset = await blobsOf(80);
    const o = await shortRun({
      dataset,
      epochs: 40,
      // Too slow to change a single prediction after the first epoch.
      rate: (step) => step < 8 ? 0.1 : 1e-12,
      earlyStop: { on: imageExamples(dataset.test, dataset.shape), patience: 3 },
    });
    const result = await trained(o);
    assertEquals(result.reason, "stopped-early");
    assertEquals(result.state.step, 8 * 4);
    assertEquals(result.state.sinceBest, 3);
    assert(result.test, "a run that stopped early has a result");
  },
});

Deno.test({
  ...await onBackend("cpu", "train() goes on while validation improves"),
  fn: async () => {
    const dataset = await blobsOf(80);
    const earlyStop = { on: imageExamples(dataset.test, dataset.shape), patience: 2 };
    const result = await trained(await shortRun({ dataset, epochs: 2, earlyStop }));
    assertEquals(result.reason, "finished");
    assertGreater(result.state.best, 0.3);
  },
});

/** Three layers that share one weight, then a classifier. */
function recurrent(format: string): Layer {
  const first = linear({ name: "first", inputs: 36, outputs: 10, activation: "tanh" });
  const shared = linear({ name: "shared", inputs: 10, outputs: 10, format, rank: 4 });
  const last = linear({ name: "last", inputs: 10, outputs: 4 });
  return {
    weights: [first, shared, last].flatMap((l) => l.weights),
    forward(pass, x) {
      let h = first.forward(pass, x);
      for (let i = 0; i < 3; i++) h = pass.linear("shared.weight", h, "shared.bias", "tanh");
      return last.forward(pass, h);
    },
  };
}

/** Adapters share two forward maps: this one's in factors, and that of whole increments. */
const ADAPTERS = ["lora", "loha"];

/** Formats of weights; statistics are not trained. */
const trainedFormats = weightFormats.list()
  .filter((f) => f.representation.anchor !== undefined && f.mover.name !== "frozen")
  .filter((f) => !adapters.has(f.name) || ADAPTERS.includes(f.name));

for (const { name: format } of trainedFormats) {
  Deno.test({
    ...await onBackend("cpu", `a ${format} weight that is used three times in a pass trains`),
    fn: async () => {
      const result = await trained(
        await shortRun({
          network: recurrent(format),
          dataset: await blobsOf(200),
          rule: adam.create(),
          // A step of ordered columns moves a prefix of them only.
          epochs: format === "ordered-low-rank" ? 10 : 5,
          rate: () => 0.01,
        }),
      );
      assertGreater(result.test!.values.accuracy!, 0.9);
    },
  });
}

Deno.test({
  ...await onBackend("cpu", "low-rank weights start orthonormal, at the scale of dense ones"),
  fn: async () => {
    const network = perceptron({ sizes: [36, 30, 20, 4], format: "low-rank", rank: 6 });
    const method = await methodOf({});
    await method.engine.scope(async () => {
      const states = await initialStates(method, network, 1);
      for (const { name, shape, format } of network.weights) {
        if (format !== "low-rank") continue;
        const found = await representationOf({ format }).singularValues(method, states[name]!);
        const sigma = found as Float64Array;
        assertEquals(sigma.length, 6);
        // Kaiming: Σ σ² = inputs × outputs × 2 / inputs.
        assertLess(Math.abs(Math.hypot(...sigma) - Math.sqrt(2 * shape[1]!)), 1e-5);
        const { u, v } = states[name] as unknown as LowRank<Tensor>;
        assertEquals([u.shape, v.shape], [[shape[0]!, 6], [shape[1]!, 6]]);
        assertLess(await orthogonalityDefect(method.algebra, u), 1e-6);
        assertLess(await orthogonalityDefect(method.algebra, v), 1e-6);
      }
    });
  },
});
