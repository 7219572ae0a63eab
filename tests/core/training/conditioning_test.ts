import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import {
  conditioningOf,
  currentPoints,
  initialStates,
  type Layer,
  Pass,
  Random,
} from "../../../core/mod.ts";
import { networks, perceptron } from "../../../layers/mod.ts";
import { onBackend } from "../../support/algebras.ts";
import { methodOf } from "../../support/training.ts";

const SHAPE = [28, 28, 1] as const;
const NETS: Readonly<Record<string, Layer>> = {
  "a dense perceptron": perceptron({ sizes: [784, 20, 16, 5] }),
  "a low-rank perceptron": perceptron({ sizes: [784, 20, 16, 5], format: "low-rank", rank: 4 }),
  "LeNet-5 with Tucker kernels": networks.get("lenet-5").create({
    shape: SHAPE,
    classes: 5,
    format: "tucker",
    rank: 5,
    width: 0.3,
  }),
};

for (const [name, network] of Object.entries(NETS)) {
  Deno.test({
    ...await onBackend("wasm", `no two inputs of ${name} are driven apart beyond its bound`),
    fn: async () => {
      const method = await methodOf({ backend: "wasm" });
      const { engine } = method;
      const before = engine.memory().numTensors;
      await engine.scope(async () => {
        const states = await initialStates(method, network, 3);
        const report = await conditioningOf(method, network, states);
        const random = new Random(1);
        const near = random.fillUniform(new Float32Array(10 * 784));
        const far = near.map((v) => v + 0.05 * random.normal());
        const points = currentPoints(network, states);
        const logits = async (x: Float32Array) => {
          const pass = new Pass(engine, network, points, { training: false });
          return await engine.read(network.forward(pass, engine.tensor(x, [10, 784])));
        };
        const [a, b] = [await logits(near), await logits(far)];
        for (let i = 0; i < 10; i++) {
          const length = (x: ArrayLike<number>, y: ArrayLike<number>, n: number) =>
            Math.hypot(...Array.from({ length: n }, (_, j) => x[i * n + j]! - y[i * n + j]!));
          const ratio = length(a, b, 5) / length(near, far, 784);
          assert(ratio > 0);
          assertLess(ratio, report.lipschitz);
        }
        for (const w of Object.values(report.weights)) {
          assertLess(w.condition, w.bound * (1 + 1e-5));
        }
        const names = network.weights.filter((w) => w.shape.length > 1).map((w) => w.name);
        assertEquals(Object.keys(report.weights), names);
      });
      assertEquals(engine.memory().numTensors, before);
    },
  });
}

Deno.test({
  ...await onBackend("wasm", "conditioning of a known core is what it is"),
  fn: async () => {
    const method = await methodOf({ backend: "wasm" });
    await method.engine.scope(async () => {
      const network = perceptron({ sizes: [6, 5, 3], format: "low-rank", rank: 3 });
      const states = { ...await initialStates(method, network, 1) };
      const s = method.algebra.diagonal([4, 2, 1]);
      states["dense1.weight"] = { ...states["dense1.weight"]!, s };
      const { weights: { "dense1.weight": found } } = await conditioningOf(method, network, states);
      assertAlmostEquals(found!.condition, 4, 1e-5);
      assertAlmostEquals(found!.norm, 4, 1e-5);
      // σ² = 16, 4, 1 with mean 7.
      assertAlmostEquals(found!.spread, Math.sqrt(81 + 9 + 36), 1e-4);
      assertAlmostEquals(found!.bound, Math.exp(Math.sqrt(126 / 2)), 0.1);
      assertEquals(found!.factorised, true);
    });
  },
});
