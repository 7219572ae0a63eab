import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import {
  examples,
  fit,
  type FitOptions,
  load,
  type TrainedModel,
} from "../../../tasks/library/mod.ts";
import {
  type Layer,
  openEngine,
  openHostAlgebra,
  readSafetensors,
  sobolev,
} from "../../../core/mod.ts";
import { batchNorm, embedding, linear, perceptron, sequential } from "../../../layers/mod.ts";

// LAPACK may come from a library of the system, which stays loaded.
await openHostAlgebra();

/** A backend without threads or libraries, whose results repeat bit for bit. */
const CPU = { backend: "cpu" } satisfies FitOptions;
const SHORT = { ...CPU, epochs: 2 } satisfies FitOptions;

const x = Array.from({ length: 120 }, (_, i) => [i / 60 - 1, Math.sin(i)]);
const sums = x.map(([a, b]) => a! + 2 * b!);
const classes = x.map(([a, b]) => (a! > 0 ? 1 : 0) + (b! > 0 ? 1 : 0));

/** A small network with that many outputs. */
function network(outputs: number, format = "dense"): Layer {
  return perceptron({ sizes: [2, 16, 16, outputs], format, activation: "tanh" });
}

/** Calls `f` with the path of a file that is gone afterwards. */
async function withFile(f: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await f(`${folder}/model.safetensors`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const format of ["dense", "low-rank", "factored-low-rank", "adapted-low-rank", "tucker"]) {
  Deno.test(`fit() learns numbers with weights of format ${format}`, async () => {
    using model = await fit(network(1, format), { x, y: sums }, { ...CPU, epochs: 30 });
    assertEquals(model.reason, "finished");
    assertLess(model.test!.values.rmse!, 0.6);
    assertLess(model.history.lines.at(-1)!.loss, model.history.lines[0]!.loss);
    assertEquals(await model.measure(), model.test);
  });

  Deno.test(`save() and load() keep every bit of weights of format ${format}`, async () => {
    using model = await fit(network(1, format), { x, y: sums }, SHORT);
    await withFile(async (path) => {
      await model.save(path);
      using again = await load(network(1, format), path, CPU);
      assertEquals((await again.predict(x)).data, (await model.predict(x)).data);
      assertEquals(again.ranks, model.ranks);
      assertEquals(await again.measure({ x, y: sums }), await model.measure({ x, y: sums }));
    });
  });
}

Deno.test("fit() takes whole numbers for classes where the network has several outputs", async () => {
  using model = await fit(network(3), { x, y: classes }, { ...CPU, epochs: 40 });
  const { values, confusion } = await model.measure({ x, y: classes });
  assertGreater(values.accuracy!, 0.8);
  assertEquals(confusion!.length, 3);
  const predicted = (await model.predict(x)).classes;
  const right = predicted.filter((c, i) => c === classes[i]).length;
  assertEquals(right / x.length, values.accuracy);
});

Deno.test("fit() takes whole numbers for numbers where the network has one output", async () => {
  using model = await fit(network(1), { x, y: classes }, SHORT);
  assertEquals(Object.keys(model.test!.values), ["rmse"]);
});

Deno.test("fit() learns to give x back where there is no y", async () => {
  using model = await fit(network(2), { x }, { ...CPU, epochs: 30 });
  assertLess((await model.measure({ x })).values.rmse!, 0.4);
});

Deno.test("fit() takes lists, typed arrays and flat numbers with a shape for the same", async () => {
  const flat = x.flat();
  const forms = [
    x,
    x.map((row) => Float32Array.from(row)),
    { data: flat, shape: [x.length, 2] },
    { data: Float64Array.from(flat), shape: [x.length, 2] },
  ];
  const found: Float32Array[] = [];
  for (const form of forms) {
    using model = await fit(network(1), { x: form, y: Float32Array.from(sums) }, SHORT);
    found.push((await model.predict(form)).data);
  }
  for (const data of found) assertEquals(data, found[0]);
});

Deno.test("fit() repeats itself bit for bit with a seed, and not with another", async () => {
  const runs: Float32Array[] = [];
  for (const seed of [1, 1, 2]) {
    using model = await fit(network(1, "low-rank"), { x, y: sums }, { ...SHORT, seed });
    runs.push((await model.predict(x)).data);
  }
  assertEquals(runs[0], runs[1]);
  assert(runs[0]!.some((value, i) => value !== runs[2]![i]));
});

Deno.test("fit() learns on from the weights of a model", async () => {
  using first = await fit(network(1), { x, y: sums }, { ...CPU, epochs: 30 });
  using second = await fit(network(1), { x, y: sums }, { ...SHORT, start: first, holdOut: 0 });
  assertLess(second.history.lines[0]!.loss, first.history.lines[0]!.loss / 4);
  await first.predict(x); // It is still alive.
});

Deno.test("fit() measures on what it is given, else on a tenth, else on all", async () => {
  const sizes: number[] = [];
  for (
    const choice of [{ test: { x: x.slice(0, 7), y: classes.slice(0, 7) } }, {}, { holdOut: 0 }]
  ) {
    using model = await fit(network(3), { x, y: classes }, { ...SHORT, ...choice });
    sizes.push(model.test!.confusion!.flat().reduce((a, b) => a + b));
  }
  assertEquals(sizes, [7, 12, 120]);
});

Deno.test("fit() takes any task, with parts of any name", async () => {
  const gradient = x.map(() => [1, 2]);
  const data = examples({ x, value: sums, gradient });
  using model = await fit(network(1), sobolev({ train: data, test: data }), SHORT);
  assertEquals(Object.keys(model.test!.values), ["rmse", "gradientRmse"]);
  const other = await model.measure({ x: [[0, 0]], value: [0], gradient: [[1, 2]] });
  assertEquals(Object.keys(other.values), ["rmse", "gradientRmse"]);
});

Deno.test("tokens stay whole numbers in training, prediction and files", async () => {
  const layers = () =>
    sequential([
      embedding({ name: "tokens", vocabulary: 5, size: 4 }),
      perceptron({ sizes: [4, 5] }),
    ]);
  const tokens = Int32Array.from({ length: 40 }, (_, i) => i % 5);
  using model = await fit(layers(), { x: tokens, y: tokens.map((t) => (t + 1) % 5) }, SHORT);
  await withFile(async (path) => {
    await model.save(path);
    using again = await load(layers(), path, CPU);
    // Lists of numbers are tokens, too, where tokens are known to be wanted.
    assertEquals(
      (await again.predict([0, 1, 2])).data,
      (await model.predict(Int32Array.of(0, 1, 2))).data,
    );
    await assertRejects(() => again.predict([0, 0.5, 2]), RangeError, "expected whole numbers");
  });
});

Deno.test("several predictions may be under way at once, on several models", async () => {
  using one = await fit(network(1), { x, y: sums }, SHORT);
  using three = await fit(network(3), { x, y: classes }, { ...SHORT, backend: "wasm" });
  const alone = [(await one.predict(x)).data, (await three.predict(x)).data];
  const together = await Promise.all([one, three, one, three].map((model) => model.predict(x)));
  assertEquals(together.map((p) => p.data), [...alone, ...alone]);
});

Deno.test("a model frees all that a fit held when its block ends", async () => {
  const { engine } = await openEngine("cpu");
  const before = engine.memory().numTensors;
  {
    using model: TrainedModel = await fit(network(3, "low-rank"), { x, y: classes }, SHORT);
    await model.predict(x);
    await model.measure();
    assertEquals(model.engine.memory().numTensors - before, 10);
  }
  await assertRejects(() => fit(network(1), { x, y: sums }, { ...CPU, learningRate: 1e6 }));
  assertEquals(engine.memory().numTensors, before);
});

Deno.test("a disposed model says so", async () => {
  const model = await fit(network(1), { x, y: sums }, SHORT);
  model[Symbol.dispose]();
  model[Symbol.dispose]();
  await assertRejects(() => model.predict(x), Error, "expected a model in use, it is disposed");
});

Deno.test("files have plain names, full shapes and formats", async () => {
  using model = await fit(network(1, "low-rank"), { x, y: sums }, SHORT);
  await withFile(async (path) => {
    await model.save(path);
    const { tensors, metadata } = await readSafetensors(path);
    const rank = model.ranks["dense2.weight"]!;
    assertEquals(tensors["dense2.weight.u"]!.shape, [16, rank]);
    assertEquals(tensors["dense2.weight.s"]!.shape, [rank, rank]);
    assertEquals(tensors["dense2.weight.v"]!.shape, [16, rank]);
    assertEquals(tensors["classifier.weight"]!.shape, [16, 1]);
    assertEquals(metadata.format, "rankflow");
    assertEquals(JSON.parse(metadata.weights!)["dense2.weight"], {
      format: "low-rank",
      shape: [16, 16],
    });
  });
});

Deno.test("statistics of normalisation are saved and loaded", async () => {
  const layers = () =>
    sequential([
      perceptron({ sizes: [2, 8] }),
      batchNorm({ name: "norm", channels: 8 }),
      linear({ name: "last", inputs: 8, outputs: 1 }),
    ]);
  using model = await fit(layers(), { x, y: sums }, SHORT);
  await withFile(async (path) => {
    await model.save(path);
    using again = await load(layers(), path, CPU);
    assertEquals((await again.predict(x)).data, (await model.predict(x)).data);
  });
});

Deno.test("fit() goes on in its folder and ends with the bits of one that was left in peace", async () => {
  const options = { ...CPU, epochs: 4 };
  using whole = await fit(network(1, "low-rank"), { x, y: sums }, options);
  await withFile(async (path) => {
    const folder = `${path}.run`;
    const stop = new AbortController();
    const progress: FitOptions["progress"] = (event) => {
      if (event.type === "step" && event.step === 5) stop.abort();
    };
    const halved = { ...options, folder, progress, signal: stop.signal };
    using half = await fit(network(1, "low-rank"), { x, y: sums }, halved);
    assertEquals(half.reason, "interrupted");
    using rest = await fit(network(1, "low-rank"), { x, y: sums }, { ...options, folder });
    assertEquals(rest.reason, "finished");
    assertEquals((await rest.predict(x)).data, (await whole.predict(x)).data);
    assertEquals(rest.history.lines.map((l) => l.loss), whole.history.lines.map((l) => l.loss));
    const other = { ...options, folder, learningRate: 0.1 };
    await assertRejects(
      () => fit(network(1, "low-rank"), { x, y: sums }, other),
      Error,
      "expected the settings it began with, got other values of learningRate",
    );
  });
});
