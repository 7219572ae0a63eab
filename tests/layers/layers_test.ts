import { assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import {
  currentPoints,
  initialStates,
  Pass,
  type Tensor,
  transposed,
  type WeightSpec,
} from "../../core/mod.ts";
import {
  glorotUniform,
  kaimingNormal,
  linear,
  type LinearOptions,
  perceptron,
  sequential,
  zeros,
} from "../../layers/mod.ts";
import { cpuBackends, onBackend } from "../support/algebras.ts";
import { dense, host, relativeError, times } from "../support/matrices.ts";
import { methodOf, randomBatch, readMatrix } from "../support/training.ts";

Deno.test("linear() declares a weight and a bias under its name", () => {
  const layer = linear({ name: "a", inputs: 3, outputs: 2 });
  assertEquals(layer.weights, [
    { name: "a.weight", shape: [3, 2], format: "dense", initialiser: kaimingNormal },
    { name: "a.bias", shape: [2], format: "dense", initialiser: zeros },
  ]);
});

Deno.test("linear() passes on what it is told about rank, format and start", () => {
  const layer = linear({
    name: "a",
    inputs: 3,
    outputs: 2,
    format: "low-rank",
    rank: 2,
    minRank: 1,
    maxRank: 2,
    bias: false,
    initialiser: glorotUniform,
  });
  const wanted: WeightSpec = {
    name: "a.weight",
    shape: [3, 2],
    format: "low-rank",
    initialiser: glorotUniform,
    rank: 2,
    minRank: 1,
    maxRank: 2,
  };
  assertEquals(layer.weights, [wanted]);
});

const ACTIVATIONS: Record<NonNullable<LinearOptions["activation"]>, (x: number) => number> = {
  identity: (x) => x,
  relu: (x) => Math.max(0, x),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.log1p(Math.exp(x)),
};

for (const backend of cpuBackends) {
  for (const [name, act] of Object.entries(ACTIVATIONS)) {
    for (const format of ["dense", "low-rank"]) {
      Deno.test({
        ...await onBackend(backend, `linear() computes act(x W + b), ${name}, ${format}`),
        fn: async () => {
          const method = await methodOf({ backend });
          const { engine } = method;
          const before = engine.memory().numTensors;
          await engine.scope(async () => {
            const layer = linear({
              name: "a",
              inputs: 7,
              outputs: 5,
              format,
              rank: 3,
              activation: name as LinearOptions["activation"] & string,
            });
            const states = { ...await initialStates(method, layer, 1) };
            const bias = engine.tensor(Float32Array.of(0.5, -1, 0, 2, -0.25), [5]);
            states["a.bias"] = { format: "dense", value: bias };
            const { x } = randomBatch(engine, 6, 7, 2);
            const pass = new Pass(engine, layer, currentPoints(layer, states), { training: false });
            const y = await readMatrix(engine, layer.forward(pass, x));
            const state = states["a.weight"] as unknown as Record<string, Tensor>;
            const read = (key: string) => readMatrix(engine, state[key]!);
            const w = format === "dense"
              ? await read("value")
              : dense({ u: await read("u"), s: await read("s"), v: await read("v") });
            const z = times(await readMatrix(engine, x), w);
            const b = [0.5, -1, 0, 2, -0.25];
            const wanted = host.from(z.data.map((value, i) => act(value + b[i % 5]!)), 6, 5);
            assertEquals([y.rows, y.cols], [6, 5]);
            assertLess(relativeError(y, wanted), 2e-6);
            assertEquals(transposed(transposed(y)), y);
          });
          assertEquals(engine.memory().numTensors, before);
        },
      });
    }
  }
}

for (const [what, options] of [["inputs", { inputs: 0 }], ["outputs", { outputs: 2.5 }]] as const) {
  Deno.test(`linear() refuses ${Object.values(options)[0]} ${what}`, () => {
    const error = assertThrows(
      () => linear({ name: "a", inputs: 2, outputs: 2, ...options }),
      RangeError,
    );
    assertEquals(
      error.message,
      `Cannot make layer "a": expected ${what} to be an integer ≥ 1, got ${
        Object.values(options)[0]
      }`,
    );
  });
}

Deno.test("sequential() joins weights and refuses a name twice", () => {
  const layer = (name: string) => linear({ name, inputs: 2, outputs: 2 });
  const names = sequential([layer("a"), layer("b")]).weights.map((w) => w.name);
  assertEquals(names, ["a.weight", "a.bias", "b.weight", "b.bias"]);
  const error = assertThrows(() => sequential([layer("a"), layer("a")]), RangeError);
  assertEquals(error.message, 'Cannot chain layers: the weight name "a.weight" is used twice');
});

Deno.test("perceptron() keeps its classifier dense and names its layers", () => {
  const net = perceptron({ sizes: [36, 20, 10, 4], format: "low-rank", rank: 5 });
  assertEquals(
    net.weights.map((w) => [w.name, w.shape, w.format]),
    [
      ["dense1.weight", [36, 20], "low-rank"],
      ["dense1.bias", [20], "dense"],
      ["dense2.weight", [20, 10], "low-rank"],
      ["dense2.bias", [10], "dense"],
      ["classifier.weight", [10, 4], "dense"],
      ["classifier.bias", [4], "dense"],
    ],
  );
});

Deno.test("perceptron() of two sizes is its classifier", () => {
  const net = perceptron({ sizes: [3, 2], format: "low-rank" });
  assertEquals(net.weights.map((w) => w.name), ["classifier.weight", "classifier.bias"]);
});

Deno.test("perceptron() refuses fewer than two sizes", () => {
  const error = assertThrows(() => perceptron({ sizes: [3] }), RangeError);
  assertEquals(error.message, "Cannot make a perceptron: at least 2 sizes are needed, got 3");
});

Deno.test({
  ...await onBackend("cpu", "perceptron() applies its activation to all but the logits"),
  fn: async () => {
    const method = await methodOf({});
    const { engine } = method;
    await engine.scope(async () => {
      const net = perceptron({ sizes: [9, 6, 3], activation: "tanh" });
      const states = await initialStates(method, net, 1);
      const { x } = randomBatch(engine, 4, 9, 2);
      const points = currentPoints(net, states);
      const logits = await readMatrix(
        engine,
        net.forward(new Pass(engine, net, points, { training: false }), x),
      );
      const w = (name: string) => readMatrix(engine, points.get(`${name}.weight`)!.value!);
      const hidden = times(await readMatrix(engine, x), await w("dense1"));
      hidden.data.forEach((value, i) => hidden.data[i] = Math.tanh(value));
      const wanted = times(hidden, await w("classifier"));
      logits.data.forEach((value, i) => assertAlmostEquals(value, wanted.data[i]!, 1e-5));
    });
  },
});
