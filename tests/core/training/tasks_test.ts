/** Tasks of every kind, each held to what can be computed in another way. */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertThrows,
} from "@std/assert";
import {
  answers,
  autoencoding,
  batchEvaluator,
  classification,
  currentPoints,
  type Engine,
  type Examples,
  examplesOf,
  hostAlgebra,
  initialStates,
  type Layer,
  matrix,
  measure,
  nextToken,
  Random,
  regression,
  representationOf,
  sequenceDatasets,
  sequenceTask,
  sobolev,
  type Task,
  type Tensor,
  tensorsIn,
  train,
  type TrainResult,
  type WeightPoint,
  windowsOf,
} from "../../../core/mod.ts";
import { embedding, inputConvex, linear, sequential } from "../../../layers/mod.ts";
import { adam } from "../../../optimizers/mod.ts";
import { cpuBackends, onBackend } from "../../support/algebras.ts";
import { type MethodChoice, methodOf, readMatrix } from "../../support/training.ts";

/** Normal numbers, rows×cols, as a column. */
function normal(seed: number, rows: number, cols: number) {
  const data = new Random(seed).fillNormal(new Float32Array(rows * cols));
  return { data, shape: [cols] };
}

/** Trains on all examples at once; the result and what it leaves on the engine. */
async function trained(
  choice: MethodChoice,
  network: Layer,
  task: Task,
  epochs: number,
  rate: number,
): Promise<{ result: TrainResult; points: ReadonlyMap<string, WeightPoint> }> {
  const method = await methodOf(choice);
  const options = { label: "t", method, network, task, seed: 1, epochs };
  const result = await train({ ...options, batch: task.train.count, rate: () => rate });
  assertEquals(result.reason, "finished", result.message);
  return { result, points: currentPoints(network, result.state.states) };
}

for (const backend of cpuBackends) {
  Deno.test({
    ...await onBackend(backend, "a regression on float arrays finds the least squares solution"),
    fn: async () => {
      const { engine } = await methodOf({ backend });
      const before = engine.memory().numTensors;
      const [n, p, q] = [60, 4, 2];
      const x = normal(1, n, p);
      const y = normal(2, n, q);
      const task = regression({ train: examplesOf({ x, y }), test: examplesOf({ x, y }) });
      const network = linear({ name: "w", inputs: p, outputs: q, bias: false });
      const { result, points } = await trained({ backend }, network, task, 400, 0.5);
      const found = await readMatrix(engine, points.get("w.weight")!.value!);
      // W = R⁻¹ Qᵀ Y by back substitution.
      const a = hostAlgebra();
      const { q: basis, r } = await a.qr(matrix(x.data, n, p));
      const right = a.multiply(basis, matrix(y.data, n, q), { transposeLeft: true });
      const w = new Float64Array(p * q);
      for (let i = p - 1; i >= 0; i--) {
        for (let k = 0; k < q; k++) {
          let sum = right.data[i * q + k]!;
          for (let j = i + 1; j < p; j++) sum -= r.data[i * p + j]! * w[j * q + k]!;
          w[i * q + k] = sum / r.data[i * p + i]!;
        }
      }
      w.forEach((value, i) => assertAlmostEquals(found.data[i]!, value, 1e-4));
      const rest = a.lincomb(
        1,
        matrix(y.data, n, q),
        -1,
        a.multiply(matrix(x.data, n, p), matrix(w, p, q)),
      );
      const rmse = await a.norm(rest) / Math.sqrt(n * q);
      assertAlmostEquals(result.test!.values.rmse!, rmse, 1e-5);
      assertAlmostEquals(result.test!.loss, rmse ** 2, 1e-5);
      for (const t of tensorsIn(result.state.states)) t.dispose();
      assertEquals(engine.memory().numTensors, before);
    },
  });

  Deno.test({
    ...await onBackend(backend, "a linear autoencoder of low rank loses what the SVD leaves out"),
    fn: async () => {
      const [n, p, rank] = [40, 6, 2];
      const x = normal(3, n, p);
      for (let i = 0; i < x.data.length; i++) x.data[i]! *= 3 - (i % p) / 3;
      const task = autoencoding({ train: examplesOf({ x }), test: examplesOf({ x }) });
      const network = linear({
        ...{ name: "w", inputs: p, outputs: p, bias: false },
        ...{ format: "low-rank", rank, minRank: rank, maxRank: rank },
      });
      const { result } = await trained({ backend }, network, task, 500, 0.05);
      const { sigma } = await hostAlgebra().svd(matrix(x.data, n, p));
      const least = Math.hypot(...sigma.subarray(rank)) / Math.sqrt(n * p);
      assertGreater(result.test!.values.rmse!, least - 1e-5);
      assertLess(result.test!.values.rmse!, 1.001 * least);
      for (const t of tensorsIn(result.state.states)) t.dispose();
    },
  });

  Deno.test({
    ...await onBackend(backend, "a character model finds the frequencies of pairs of characters"),
    fn: async () => {
      const text = "abracadabra, abracadabra, a bar and a bard and a cab; ";
      const letters = [...new Set(text)];
      const ids = Int32Array.from([...text], (c) => letters.indexOf(c));
      const windows = windowsOf(ids, 6, 1);
      const task = nextToken({ train: windows, test: windows });
      const vocabulary = letters.length;
      const network = embedding({ name: "next", vocabulary, size: vocabulary });
      const { result } = await trained({ backend, rule: adam.create() }, network, task, 800, 0.1);
      const counts = new Map<string, number>();
      const firsts = new Map<number, number>();
      for (let w = 0; w < windows.count; w++) {
        for (let i = w; i < w + 6; i++) {
          const [a, b] = [ids[i]!, ids[i + 1]!];
          counts.set(`${a} ${b}`, (counts.get(`${a} ${b}`) ?? 0) + 1);
          firsts.set(a, (firsts.get(a) ?? 0) + 1);
        }
      }
      const total = 6 * windows.count;
      const entropy = [...counts].reduce(
        (sum, [pair, count]) =>
          sum - count / total * Math.log2(count / firsts.get(Number(pair.split(" ")[0]))!),
        0,
      );
      const { bits, perplexity } = result.test!.values;
      assertGreater(bits!, entropy - 1e-4);
      assertLess(bits!, entropy + 0.02);
      assertAlmostEquals(perplexity!, 2 ** bits!, 1e-4);
      for (const t of tensorsIn(result.state.states)) t.dispose();
    },
  });

  for (const format of ["dense", "low-rank", "factored-low-rank", "adapted-low-rank"]) {
    const title = `the loss on value and gradient of a convex network is differentiated, ${format}`;
    Deno.test({
      ...await onBackend(backend, title),
      fn: async () => {
        const method = await methodOf({ backend });
        const { engine } = method;
        const before = engine.memory().numTensors;
        await engine.scope(async () => {
          const network = inputConvex({ inputs: 3, widths: [5, 4], format, rank: 3 });
          const points = new Map(currentPoints(network, await initialStates(method, network, 4)));
          const upload = (seed: number, cols: number): Tensor =>
            engine.tensor(normal(seed, 7, cols).data, [7, cols]);
          const batch = {
            x: upload(1, 3),
            value: upload(2, 1),
            gradient: upload(3, 3),
            image: upload(4, 3),
          };
          const nothing = examplesOf({ x: normal(1, 1, 3) });
          const image = {
            weight: 0.6,
            of: (e: Engine, g: Tensor): Tensor => e.exp(e.logSoftmax(g)),
          };
          const { loss } = sobolev({ train: nothing, test: nothing, weight: 0.7, image });
          const evaluator = batchEvaluator(engine, network, loss, batch);
          const at = await evaluator(points, new Set(points.keys()));
          for (const spec of network.weights) {
            const { anchor } = representationOf(spec);
            const start = points.get(spec.name)!;
            const value = start[anchor!]!;
            const direction = engine.tensor(
              new Random(9).fork(spec.name).fillNormal(new Float32Array(value.size)),
              value.shape,
            );
            const lossAt = async (h: number): Promise<number> => {
              const moved = { ...start, [anchor!]: engine.lincomb(1, value, h, direction) };
              const there = new Map(points).set(spec.name, moved);
              const found = await evaluator(there, new Set([spec.name]));
              found.dispose();
              return found.loss;
            };
            const h = 2 ** -6;
            const quotient = (await lossAt(h) - await lossAt(-h)) / (2 * h);
            const gradient = engine.mul(at.evidence.get(spec.name)!.gradient, direction);
            const slope = -(await engine.read(engine.sum(gradient)))[0]!;
            assertLess(Math.abs(slope - quotient), 2e-3 * Math.max(1, Math.abs(slope)), spec.name);
            assertGreater(Math.abs(slope), 1e-4, spec.name);
          }
          at.dispose();
        });
        assertEquals(engine.memory().numTensors, before);
      },
    });
  }
}

/** f(x) = log Σ exp(aᵢ·x) with its gradient, which is convex. */
function convexExamples(count: number, seed: number): Examples {
  const { data } = normal(seed, count, 2);
  const slopes = [[1, 0.5], [-1, 0.2], [0.3, -1.2]];
  const value = new Float32Array(count);
  const gradient = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const x = data.subarray(2 * i, 2 * i + 2);
    const e = slopes.map(([a, b]) => Math.exp(a! * x[0]! + b! * x[1]!));
    const sum = e.reduce((s, v) => s + v, 0);
    value[i] = Math.log(sum);
    e.forEach((v, k) => {
      gradient[2 * i]! += v / sum * slopes[k]![0]!;
      gradient[2 * i + 1]! += v / sum * slopes[k]![1]!;
    });
  }
  return examplesOf({
    x: { data, shape: [2] },
    value: { data: value, shape: [1] },
    gradient: { data: gradient, shape: [2] },
  });
}

for (const format of ["dense", "low-rank"]) {
  Deno.test({
    ...await onBackend("wasm", `a ${format} convex network learns a function by its gradient, too`),
    fn: async () => {
      const task = sobolev({ train: convexExamples(64, 1), test: convexExamples(40, 2) });
      const network = inputConvex({
        ...{ inputs: 2, widths: [12, 12] },
        ...(format === "dense" ? {} : { format, rank: 6 }),
      });
      const choice = { backend: "wasm", rule: adam.create() };
      const { result, points } = await trained(choice, network, task, 1200, 0.02);
      const { rmse, gradientRmse } = result.test!.values;
      assertLess(rmse!, 0.06);
      assertLess(gradientRmse!, 0.12);
      const { engine } = await methodOf({ backend: "wasm" });
      if (format === "dense") {
        for (const name of ["convex1.weight", "convex2.weight"]) {
          const w = await engine.read(points.get(name)!.value!);
          assert(w.every((v) => v >= 0), `${name} has no negative entry`);
        }
      }
      for (const t of tensorsIn(result.state.states)) t.dispose();
    },
  });
}

Deno.test({
  ...await onBackend("cpu", "several inputs reach the network, and its loss may use it twice"),
  fn: async () => {
    const method = await methodOf();
    const first = linear({ name: "a", inputs: 3, outputs: 2, bias: false });
    const network: Layer = {
      weights: first.weights,
      forward: (pass, x, z) =>
        pass.engine.add(first.forward(pass, x), pass.engine.scale(2, first.forward(pass, z!))),
    };
    const data = examplesOf({ x: normal(1, 8, 3), z: normal(2, 8, 3), y: normal(3, 8, 2) });
    const base = regression({ train: data, test: data });
    const twice: Task = {
      ...base,
      loss(model, { x, z, y }) {
        const { engine } = model;
        const once = engine.sub(model.forward(x!, z!), y!);
        const again = engine.sub(model.forward(z!, x!), y!);
        return engine.add(engine.sum(engine.square(once)), engine.sum(engine.square(again)));
      },
    };
    await method.engine.scope(async () => {
      const states = await initialStates(method, network, 1);
      const { engine } = method;
      const columns = Object.entries(data.columns).map(([name, c]) =>
        [name, engine.tensor(c.data as Float32Array, [8, ...c.shape])] as const
      );
      const evaluator = batchEvaluator(engine, network, twice.loss, Object.fromEntries(columns));
      const { evidence, loss, dispose } = await evaluator(
        currentPoints(network, states),
        new Set(["a.weight"]),
      );
      const a = hostAlgebra();
      const of = (name: string, cols: number) => matrix(data.columns[name]!.data, 8, cols);
      const [x, z, y] = [of("x", 3), of("z", 3), of("y", 2)];
      const w = await readMatrix(engine, currentPoints(network, states).get("a.weight")!.value!);
      let [value, g] = [0, a.zeros(3, 2)];
      for (const input of [a.lincomb(1, x, 2, z), a.lincomb(1, z, 2, x)]) {
        const rest = a.lincomb(1, a.multiply(input, w), -1, y);
        const norm = await a.norm(rest);
        value += norm ** 2;
        g = a.lincomb(1, g, -2, a.multiply(input, rest, { transposeLeft: true }));
      }
      assertAlmostEquals(loss / value, 1, 1e-5);
      const found = await readMatrix(engine, evidence.get("a.weight")!.gradient);
      found.data.forEach((v, i) => assertAlmostEquals(v, g.data[i]!, 1e-3));
      dispose();
    });
  },
});

Deno.test({
  ...await onBackend("cpu", "measures have directions, and measuring leaves no tensor"),
  fn: async () => {
    const method = await methodOf();
    const data = examplesOf({ x: normal(1, 9, 3), y: { data: new Uint8Array(9), shape: [] } });
    const task = classification({ train: data, test: data, classes: 2 });
    const network = sequential([linear({ name: "a", inputs: 3, outputs: 2 })]);
    const states = await initialStates(method, network, 1);
    const before = method.engine.memory().numTensors;
    const { values, confusion } = await measure(method, network, states, task, { batch: 4 });
    assertEquals(method.engine.memory().numTensors, before);
    assertEquals(task.measures.map((m) => [m.name, m.better]), [["accuracy", "more"]]);
    assertEquals(values.accuracy, confusion![0]![0]! / 9);
    for (const t of tensorsIn(states)) t.dispose();
  },
});

/** A network that answers with the same logits whatever it sees: rows of a table, by token. */
function tableOf(logits: readonly (readonly number[])[]): Layer {
  const vocabulary = logits.length;
  const initialiser = {
    name: "table",
    description: "the logits",
    variance: () => 1,
    draw: () => Float32Array.from(logits.flat()),
  };
  return embedding({ name: "table", vocabulary, size: vocabulary, initialiser });
}

Deno.test({
  ...await onBackend(
    "cpu",
    "answers() counts examples whose whole answer is right, and only their tokens",
  ),
  fn: async () => {
    // After 0 comes 1, after 1 comes 2; after 2 comes 0, and 1 as likely but for a little.
    const logits = [[0, 9, 0], [0, 0, 9], [1, 0.9, -9]];
    const x = { data: Int32Array.of(0, 1, 2, 1, 2, 1, 2, 0, 1), shape: [3] };
    const y = { data: Int32Array.of(-100, 2, 0, -100, 1, 2, -100, 1, 2), shape: [3] };
    const examples = examplesOf({ x, y });
    const task = answers({ train: examples, test: examples });
    const method = await methodOf({ backend: "cpu" });
    const network = tableOf(logits);
    const states = await initialStates(method, network, 1);
    for (const batch of [1, 2, 3]) {
      const { loss, values } = await measure(method, network, states, task, { batch });
      assertEquals(values, { accuracy: 2 / 3 });
      const nats = (row: number, label: number) =>
        Math.log(logits[row]!.reduce((sum, z) => sum + Math.exp(z), 0)) - logits[row]![label]!;
      const expected = [[1, 2], [2, 0], [2, 1], [1, 2], [0, 1], [1, 2]]
        .reduce((sum, [row, label]) => sum + nats(row!, label!) / 6, 0);
      assertAlmostEquals(loss, expected, 1e-6);
    }
    for (const t of tensorsIn(states)) t.dispose();
  },
});

Deno.test({
  ...await onBackend("cpu", "nextToken() measures bits per byte of texts whose tokens are longer"),
  fn: async () => {
    const tokens = windowsOf(Int32Array.of(0, 1, 2, 0, 1, 2, 0), 3);
    const task = nextToken({ train: tokens, test: tokens, bytesPerToken: 2.5 });
    assertEquals(task.measures.map((m) => [m.name, m.better]), [
      ["bits per byte", "less"],
      ["perplexity", "less"],
    ]);
    const method = await methodOf({ backend: "cpu" });
    const network = tableOf([[0, 0, 0], [0, 0, 0], [0, 0, 0]]);
    const states = await initialStates(method, network, 1);
    const { values } = await measure(method, network, states, task);
    assertAlmostEquals(values["bits per byte"]!, Math.log2(3) / 2.5, 1e-6);
    assertAlmostEquals(values.perplexity!, 3, 1e-5);
    for (const t of tensorsIn(states)) t.dispose();
    assertThrows(
      () => nextToken({ train: tokens, test: tokens, bytesPerToken: 0 }),
      RangeError,
      "Cannot measure text: expected bytesPerToken to be a number > 0, got 0",
    );
  },
});

Deno.test("sequenceTask() asks for the next token of a text, and for the answer of a puzzle", async () => {
  const copy = sequenceTask(
    await sequenceDatasets.get("copy").load({ seed: 1, trainCount: 2, testCount: 2 }),
  );
  assertEquals([copy.name, copy.train.count], ["answers", 2]);
  const tokens = windowsOf(new Uint8Array(9), 4);
  const data = {
    name: "t",
    vocabulary: 256,
    length: 4,
    answers: false,
    sha256: "",
    bytesPerToken: 1,
  };
  const text = sequenceTask({ ...data, train: tokens, test: tokens });
  assertEquals([text.name, text.measures[0].name], ["next-token", "bits per byte"]);
});

Deno.test("windowsOf() and sobolev() refuse numbers that are none", () => {
  const tokens = new Uint8Array(20);
  for (const length of [0, 2.5, NaN]) {
    assertThrows(
      () => windowsOf(tokens, length),
      RangeError,
      `Cannot take windows of a text: expected length to be an integer ≥ 1, got ${length}`,
    );
  }
  assertThrows(() => windowsOf(tokens, 4, 0), RangeError, "expected stride to be an integer ≥ 1");
  assertEquals([windowsOf(tokens, 4, 5).count, windowsOf(tokens, 4, 5, 2).count], [4, 2]);
  assertThrows(
    () => windowsOf(tokens, 4, 5, 5),
    RangeError,
    "Cannot take windows of a text: expected count to be an integer ≥ 1 and ≤ 4, got 5",
  );
  const data = { train: windowsOf(tokens, 4), test: windowsOf(tokens, 4) };
  assertThrows(() => sobolev({ ...data, weight: NaN }), RangeError, "expected weight to be");
});
